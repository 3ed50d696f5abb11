-- What landed, table by table, against the weeks before. `landed` holds counts of each landing file: its rows, the nulls
-- of each column, its rows by the hour of their cursor (those of the overlap are not counted twice), repeated keys.
-- Imports come an hour early or late, by summer time too: what is compared by the hour may be two hours off.
with hours as (
    select table_name, place, sum(n) as n, bool_or(window_end > getvariable('since')) as is_fresh
    from landed
    where measure = 'hour' and not is_first
    group by table_name, place
),

tables as (
    select
        table_name,
        epoch(getvariable('frozen_at')) // 3600 as this_hour,
        min(epoch(landed.window_end)) filter (not landed.is_first) // 3600 as first_hour,
        max(landed.place) filter (landed.measure = 'hour' and not landed.is_first) as newest,
    from landed
    group by table_name
),

-- How large large hours and days are: means in which each counts by the square of its rows. An import is as large as
-- imports are, however seldom they come, and one day of sale changes little
bursts as (
    select table_name, sum(n ** 3) / sum(n ** 2) as of_hour
    from hours
    where not is_fresh
    group by table_name
    having sum(n) > 0
),

days as (
    select table_name, place // 24 as day, sum(n) as n
    from hours
    where not is_fresh
    group by all
),

bursts_of_days as (
    select table_name, sum(n ** 3) / sum(n ** 2) as of_day from days group by table_name having sum(n) > 0
),

-- The hours that rows came for since the last enrolment
fresh as (
    select table_name, count(*) as hours, sum(n) as n from hours where is_fresh group by table_name
),

asked as (
    select hours.table_name, hours.place, shifts.shift, avg(coalesce(earlier.n, 0)) as norm
    from hours
    inner join tables using (table_name)
    cross join range(1, 5) as weeks (week)
    cross join range(-2, 3) as shifts (shift)
    left join hours as earlier
        on hours.table_name = earlier.table_name and hours.place + shifts.shift - 168 * weeks.week = earlier.place
    where hours.is_fresh and hours.place - 168 * weeks.week >= tables.first_hour
    group by all
),

shifted as (
    select table_name, shift, sum(norm) as norm from asked group by table_name, shift
),

norms as (
    select table_name, max(norm) as norm from shifted group by table_name
),

-- A table that had no rows before, or is there for less than a week, has no norm
risen as (
    select
        fresh.table_name,
        fresh.n / greatest(
            norms.norm,
            least(fresh.hours * bursts.of_hour, ceil(fresh.hours / 24) * bursts_of_days.of_day),
            getvariable('minimum_rows')
        ) as times_norm,
    from fresh
    inner join norms using (table_name)
    inner join bursts using (table_name)
    inner join bursts_of_days using (table_name)
),

-- The hours that should be there: those of the last day up to the newest row, and those of a week at most after it.
-- What is still to come is overdue, not missing
spans as (
    select table_name, 'day' as kind, this_hour - 22 as begins, least(this_hour - 2, newest + 1) as ends from tables
    union all
    select table_name, 'silence', greatest(newest + 3, this_hour - 168), this_hour - 2 from tables
),

weekly as (
    select spans.table_name, spans.kind, weeks.week, coalesce(sum(hours.n), 0) as n
    from spans
    inner join tables using (table_name)
    cross join range(1, 5) as weeks (week)
    left join hours
        on spans.table_name = hours.table_name
        and hours.place >= spans.begins - 168 * weeks.week
        and hours.place < spans.ends - 168 * weeks.week
    where spans.begins - 168 * weeks.week >= tables.first_hour
    group by all
),

-- What all of two or three weeks had, or all but one of four: a single import, or one every other week, is not due
due as (
    select
        table_name,
        coalesce(max(usual) filter (kind = 'day'), 0) as of_day,
        coalesce(max(usual) filter (kind = 'silence'), 0) as in_silence,
    from (select table_name, kind, list_sort(list(n))[count(*) // 2] as usual from weekly group by table_name, kind)
    group by table_name
),

last_day as (
    select table_name, sum(n) as n
    from hours
    inner join tables using (table_name)
    where place >= this_hour - 24
    group by table_name
),

lacking as (
    select
        due.table_name,
        due.in_silence as overdue,
        case when last_day.n > 0 and due.of_day >= 5 * getvariable('minimum_rows') then due.of_day / last_day.n end
            as missing,
    from due
    left join last_day using (table_name)
),

files as (
    select
        file,
        window_end > getvariable('since') as is_fresh,
        sum(n) over (partition by table_name order by window_end desc, file) - n as later,
        n,
    from landed
    where measure = 'rows'
),

-- A column's nulls, and the rows of those files that had it
columns as (
    select
        landed.table_name || '.' || landed.part as place,
        sum(landed.n) filter (files.is_fresh) as fresh,
        sum(files.n) filter (files.is_fresh) as fresh_rows,
        sum(landed.n) filter (files.is_fresh or files.later < getvariable('landed_minimum_rows')) as recent,
        sum(files.n) filter (files.is_fresh or files.later < getvariable('landed_minimum_rows')) as recent_rows,
        sum(landed.n) filter (not files.is_fresh and files.later >= getvariable('landed_minimum_rows')) as before,
        sum(files.n) filter (not files.is_fresh and files.later >= getvariable('landed_minimum_rows')) as before_rows,
    from landed
    inner join files using (file)
    where landed.measure = 'nulls'
    group by all
),

-- The rows since the last enrolment must show it, and so must enough rows
rises as (
    select place, least(fresh / fresh_rows, recent / recent_rows) - before / before_rows as rise
    from columns
    where
        fresh_rows > 0
        and recent_rows >= getvariable('landed_minimum_rows')
        and before_rows >= getvariable('landed_minimum_rows')
),

repeats as (
    select table_name, sum(n) as n
    from landed
    where measure = 'repeated_keys' and window_end > getvariable('since')
    group by table_name
),

shapes as (
    select table_name, arg_max(n, window_end) as n from landed where measure = 'wrong_columns' group by table_name
)

select
    coalesce((select max(this_hour - first_hour) / 24 from tables), 0) as landed_days,
    coalesce((select max(times_norm) from risen), 0) as landed_rows_times_norm,
    (select arg_max(table_name, times_norm) from risen) as landed_rows_times_norm_of,
    coalesce((select max(missing) from lacking), 0) as landed_rows_missing,
    (select arg_max(table_name, missing) from lacking) as landed_rows_missing_of,
    coalesce((select max(overdue) from lacking), 0) as landed_rows_overdue,
    (select arg_max(table_name, overdue) from lacking) as landed_rows_overdue_of,
    coalesce((select max(rise) from rises), 0) as landed_null_share_rise,
    (select arg_max(place, rise) from rises) as landed_null_share_rise_of,
    coalesce((select sum(n) from repeats), 0) as landed_keys_repeated,
    (select arg_max(table_name, n) from repeats) as landed_keys_repeated_of,
    coalesce((select sum(n) from shapes), 0) as landed_columns_not_as_declared,
    (select arg_max(table_name, n) from shapes) as landed_columns_not_as_declared_of,
