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
    where measure = 'worth' or list_contains(getvariable('mixed'), measure)
    group by all
),

hours_before as (
    select measure, part, place, sum(n) as n
    from history
    where measure = 'worth' or list_contains(getvariable('mixed'), measure)
    group by all
),

days_before as (
    select measure, part, place // 24 as day, sum(n) as n from hours_before group by all
),

-- What comes in bursts, a monthly billing say: its large days are many times its mean day. How large they are is a mean
-- in which each hour or day counts by the square of what it had; one burst more is nothing new
bursts as (
    select by_hour.measure, by_hour.part, of_hour, of_day
    from (
        select measure, part, sum(n ** 3) / sum(n ** 2) as of_hour from hours_before where n > 0 group by measure, part
    ) as by_hour
    inner join (
        select measure, part, sum(n ** 3) / sum(n ** 2) as of_day, sum(n) as n
        from days_before
        where n > 0
        group by measure, part
    ) as by_day using (measure, part)
    cross join moments
    where
        of_day >= 5 * n / greatest((this_hour - first_hour) / 24, 1)
        and (by_hour.measure = 'worth' or of_day >= getvariable('minimum_rows'))
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
            coalesce(least(count(*) * max(bursts.of_hour), ceil(count(*) / 24) * max(bursts.of_day)), 0),
            getvariable('minimum_rows') * if(same_hours.measure = 'worth', max(usual.value), 1)
        ) as times_norm,
    from same_hours
    inner join tallies using (measure, part, place)
    left join hours_before using (measure, part, place)
    left join all_hours using (measure, part)
    left join bursts using (measure, part)
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

-- Each mix is compared in three ways, of which the smallest difference counts: in these hours with the same hours of
-- the weeks before, for a backlog of one kind is no other mix; this file with all of them, for one kind may land hours
-- later than another; and with the one that was most like it, for what lands by the night or the month has its own
mixes as (
    select 'hours' as way, 'now' as age, measure, part, n
    from (from tallies union all by name from history)
    semi join hours_now using (place)
    where list_contains(getvariable('mixed'), measure)
    union all
    select 'hours', 'before', hours_before.measure, hours_before.part, hours_before.n
    from hours_before
    semi join hours_of_weeks_before using (place)
    where hours_before.measure <> 'worth'
    union all
    select 'files', 'now', measure, part, n from counted where list_contains(getvariable('mixed'), measure)
    union all
    select 'files', 'before', measure, part, n from hours_before where measure <> 'worth'
),

-- What is new for events and currencies has rules of its own; a dataset or a source is not new for long. What comes in
-- bursts would make every other day another mix, so it is left out
shares as (
    select
        way, measure, part,
        coalesce(sum(n) filter (age = 'now'), 0) as now,
        coalesce(sum(n) filter (age = 'before'), 0) as before,
    from mixes
    left join parts_before using (measure, part)
    anti join bursts using (measure, part)
    where not coalesce(is_new, measure in ('events', 'currency'))
    group by all
),

compared as (
    select
        way, measure, part,
        now / sum(now) over (partition by way, measure) as now,
        before / sum(before) over (partition by way, measure) as before,
        sum(before) over (partition by way, measure) as all_before,
    from shares
),

mix_shifts as (
    select way, measure, sum(abs(now - before)) / 2 as shift
    from compared
    where all_before >= getvariable('minimum_rows_of_coverage')
    group by way, measure
    having shift is not null
),

files_before as (
    select
        build_id, measure, part,
        sum(n) as n,
        sum(sum(n)) over (partition by build_id, measure) as all_n,
    from history
    anti join bursts using (measure, part)
    where list_contains(getvariable('mixed'), measure)
    group by build_id, measure, part
),

most_like as (
    select measure, 1 - max(in_common) as shift
    from (
        select measure, build_id, sum(least(compared.now, n / all_n)) as in_common
        from files_before
        inner join compared using (measure, part)
        where way = 'files' and all_n >= getvariable('minimum_rows_of_coverage')
        group by measure, build_id
    )
    group by measure
),

-- without the first two ways to compare, nothing is said
shifts as (
    select measure, least(min(mix_shifts.shift), coalesce(any_value(most_like.shift), 1)) as shift
    from mix_shifts
    left join most_like using (measure)
    group by measure
    having count(*) = 2
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
    coalesce((select shift from shifts where measure = 'events'), 0) as event_mix_shift,
    coalesce((select shift from shifts where measure = 'currency'), 0) as currency_mix_shift,
    coalesce((select shift from shifts where measure = 'dataset'), 0) as dataset_mix_shift,
    coalesce((select shift from shifts where measure = 'action_source'), 0) as action_source_mix_shift,
    (
        select coalesce(sum(n), 0) from history
        where measure = 'events' and frozen_at >= getvariable('frozen_at') - interval 7 day
    ) as enrolled_lately,
from coverage
