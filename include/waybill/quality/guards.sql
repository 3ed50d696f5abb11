-- The file against what was enrolled in the weeks before (`history`): how much more than usual would go out, and how
-- much it differs. `tallies` is the file, `counted` the file with those before it where it is too small.
with moments as (
    select
        min(epoch(frozen_at)) // 3600 as first_hour,
        epoch(getvariable('frozen_at')) // 3600 as this_hour,
    from history
),

parts_before as (
    select
        measure, part,
        min(epoch(frozen_at)) // 3600 > any_value(this_hour) - 24 * getvariable('minimum_history_days') as is_new,
    from history, moments
    where measure in ('events', 'worth')
    group by all
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

-- An hour may have been an exception a week ago: the mean of all hours counts where it is more. What has not been
-- there for a week yet has no mean, and its busiest hour counts: who opened a file with many of it said that it is right
all_hours as (
    select
        measure, part,
        if(
            any_value(is_new),
            max(n),
            sum(n) filter (place >= greatest(first_hour, this_hour - 672) and place < this_hour)
            / nullif(this_hour - greatest(first_hour, this_hour - 672), 0)
        ) as rate,
    from hours_before
    inner join parts_before using (measure, part)
    cross join moments
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

-- Each currency by itself, so that a broken one does not drown among the others, and one with few Purchases together
-- with as many before them as it takes
values_now as (
    select part, sum(n) as n, coalesce(sum(n) filter (place not between lowest and highest), 0) as outside
    from tallies
    inner join value_ranges using (part)
    where measure = 'magnitude'
    group by part
),

values_before as (
    select
        part, n, outside,
        sum(n) over (partition by part order by build_order(build_id) desc) - n as later,
    from (
        select
            part, build_id,
            sum(n) as n,
            coalesce(sum(n) filter (place not between lowest and highest), 0) as outside,
        from history
        inner join value_ranges using (part)
        where measure = 'magnitude'
        group by part, build_id
    )
),

ranges as (
    select
        values_now.outside / values_now.n as own,
        values_now.n + coalesce(sum(values_before.n), 0) as judged,
        (values_now.outside + coalesce(sum(values_before.outside), 0)) / judged as with_those_before,
    from values_now
    left join values_before
        on values_now.part = values_before.part
        and values_before.later + values_now.n < getvariable('minimum_rows')
    group by values_now.part, values_now.n, values_now.outside
),

hours_now as (
    select distinct place from counted where measure = 'events'
),

hours_of_weeks_before as (
    select distinct hours_now.place - 168 * weeks.week as place
    from hours_now, range(1, 5) as weeks(week)
),

-- The mix of events twice: in these hours against the same hours of the weeks before, for a backlog of one kind is no
-- other mix; and in this file against all of them, for one kind may land hours later than another
mixes as (
    select 'hours' as way, 'now' as age, part, n
    from (from tallies union all by name from history)
    semi join hours_now using (place)
    where measure = 'events'
    union all
    select 'hours', 'before', hours_before.part, hours_before.n
    from hours_before
    semi join hours_of_weeks_before using (place)
    where measure = 'events'
    union all
    select 'files', 'now', part, n from counted where measure = 'events'
    union all
    select 'files', 'before', part, n from hours_before where measure = 'events'
),

shares as (
    select
        way, part,
        coalesce(sum(n) filter (age = 'now'), 0) as now,
        coalesce(sum(n) filter (age = 'before'), 0) as before,
    from mixes
    where part in (select part from parts_before where measure = 'events' and not is_new)
    group by all
),

mix_shifts as (
    select way, sum(abs(now / all_now - before / all_before)) / 2 as shift
    from (
        select
            *,
            sum(now) over (partition by way) as all_now,
            sum(before) over (partition by way) as all_before,
        from shares
    )
    where all_now > 0 and all_before >= getvariable('minimum_rows_of_coverage')
    group by way
)

select
    comparable,
    coalesce((select (this_hour - first_hour) / 24 from moments), 0) as history_days,
    coalesce((select max(times_norm) from volumes where measure = 'events'), 0) as events_times_norm,
    coalesce((select max(times_norm) from volumes where measure = 'worth'), 0) as value_times_norm,
    coalesce(greatest(em_drop, 0), 0) as em_coverage_drop,
    coalesce(greatest(ph_drop, 0), 0) as ph_coverage_drop,
    coalesce((select max(least(own, with_those_before)) from ranges where judged >= getvariable('minimum_rows')), 0)
    as values_out_of_range_share,
    -- without both ways to compare, nothing is said
    coalesce((select if(count(*) = 2, min(shift), 0) from mix_shifts), 0) as event_mix_shift,
    (
        select coalesce(sum(n), 0) from history
        where measure = 'events' and frozen_at >= getvariable('frozen_at') - interval 7 day
    ) as enrolled_lately,
from coverage
