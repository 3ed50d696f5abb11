-- The file against what was enrolled in the weeks before (`history`): how much more than usual would go out, and how
-- much it differs. `tallies` is the file, `counted` the file with those before it where it is too small.
with moments as (
    select
        min(epoch(frozen_at)) // 3600 as first_hour,
        epoch(getvariable('frozen_at')) // 3600 as this_hour,
    from history
),

hours_before as (
    select measure, part, place, sum(n) as n
    from history
    where measure in ('events', 'worth')
    group by all
),

-- The mean of the same hour of the week, over those of the last four weeks that have a history
same_hours as (
    select hours.measure, hours.part, hours.place, avg(coalesce(hours_before.n, 0)) as norm
    from tallies as hours
    cross join range(1, 5) as weeks(week)
    cross join moments
    left join hours_before
        on hours.measure = hours_before.measure
        and hours.part = hours_before.part
        and hours.place - 168 * week = hours_before.place
    where hours.measure in ('events', 'worth') and hours.place - 168 * week >= first_hour
    group by all
),

-- An hour may have been an exception a week ago: the mean of all hours counts where it is more
all_hours as (
    select
        measure, part,
        sum(n) filter (place >= greatest(first_hour, this_hour - 672) and place < this_hour)
        / nullif(this_hour - greatest(first_hour, this_hour - 672), 0) as rate,
    from hours_before, moments
    group by measure, part, first_hour, this_hour
),

volumes as (
    select
        same_hours.measure,
        sum(tallies.n + coalesce(hours_before.n, 0)) / greatest(
            sum(same_hours.norm),
            count(*) * coalesce(max(all_hours.rate), 0),
            getvariable('minimum_rows') * if(same_hours.measure = 'worth', max(usual.value), 1)
        ) as times_norm,
    from same_hours
    inner join tallies using (measure, part, place)
    left join hours_before using (measure, part, place)
    left join all_hours using (measure, part)
    left join usual using (part)
    -- what has no usual value yet is a new currency or a new event, and those have rules of their own
    where same_hours.measure = 'events' or usual.value is not null
    group by same_hours.measure, same_hours.part
),

kinds_before as (
    select
        part,
        sum(n) filter (measure = 'rows') as rows,
        coalesce(sum(n) filter (measure = 'rows_with_em'), 0) / sum(n) filter (measure = 'rows') as em,
        coalesce(sum(n) filter (measure = 'rows_with_ph'), 0) / sum(n) filter (measure = 'rows') as ph,
    from history
    where measure in ('rows', 'rows_with_em', 'rows_with_ph')
    group by part
    having rows >= getvariable('minimum_rows_of_coverage')
),

-- Each kind of event against itself: shops and web differ, and their mix changes by the hour
kinds_now as (
    select
        part,
        sum(n) filter (measure = 'rows') as rows,
        coalesce(sum(n) filter (measure = 'rows_with_em'), 0) as with_em,
        coalesce(sum(n) filter (measure = 'rows_with_ph'), 0) as with_ph,
    from counted
    where measure in ('rows', 'rows_with_em', 'rows_with_ph')
    group by part
),

coverage as (
    select
        coalesce(sum(kinds_now.rows), 0) as comparable,
        (sum(kinds_now.rows * em) - sum(with_em)) / sum(kinds_now.rows) as em_drop,
        (sum(kinds_now.rows * ph) - sum(with_ph)) / sum(kinds_now.rows) as ph_drop,
    from kinds_now
    inner join kinds_before using (part)
),

magnitudes as (
    select 'before' as age, part, place, sum(n) as n from history where measure = 'magnitude' group by all
    union all
    select 'now', part, place, sum(n) from counted where measure = 'magnitude' group by all
),

medians as (
    select age, part, min(place) filter (reached >= whole / 2) as place, any_value(whole) as n
    from (
        select
            *,
            sum(n) over (partition by age, part order by place) as reached,
            sum(n) over (partition by age, part) as whole,
        from magnitudes
    )
    group by age, part
),

shifts as (
    select pow(10, max(abs(now.place - before.place)) / 8) as times_norm
    from medians as now
    inner join medians as before using (part)
    where
        now.age = 'now' and before.age = 'before'
        and now.n >= getvariable('least') and before.n >= getvariable('minimum_rows')
)

select
    comparable,
    coalesce((select (this_hour - first_hour) / 24 from moments), 0) as history_days,
    coalesce((select max(times_norm) from volumes where measure = 'events'), 0) as events_times_norm,
    coalesce((select max(times_norm) from volumes where measure = 'worth'), 0) as value_times_norm,
    coalesce(greatest(em_drop, 0), 0) as em_coverage_drop,
    coalesce(greatest(ph_drop, 0), 0) as ph_coverage_drop,
    coalesce((select times_norm from shifts), 0) as median_value_times_norm,
    (
        select coalesce(sum(n), 0) from history
        where measure = 'events' and frozen_at >= getvariable('frozen_at') - interval 7 day
    ) as enrolled_lately,
from coverage
