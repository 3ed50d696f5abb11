-- What landed, table by table, against the weeks before. `landed` holds counts of each landing file: its rows, the nulls
-- of each column, its rows by the hour of their cursor (those of the overlap are not counted twice), repeated keys.
with moments as (
    select
        min(epoch(window_end)) filter (not is_first) // 3600 as first_hour,
        epoch(getvariable('frozen_at')) // 3600 as this_hour,
    from landed
),

hours as (
    select table_name, place, sum(n) as n, bool_or(window_end > getvariable('since')) as is_fresh
    from landed
    where measure = 'hour' and not is_first
    group by table_name, place
),

tables as (
    select table_name, max(place) as newest from hours group by table_name
),

-- The hours that rows came for since the last enrolment, those of the last day, and those since a table's newest row
asked as (
    select table_name, place from hours where is_fresh
    union
    select table_name, unnest(range(cast(least(newest + 1, this_hour - 24) as bigint), cast(this_hour as bigint)))
    from tables, moments
),

norms as (
    select asked.table_name, asked.place, avg(coalesce(hours.n, 0)) as norm
    from asked
    cross join range(1, 5) as weeks(week)
    cross join moments
    left join hours
        on asked.table_name = hours.table_name
        and asked.place - 168 * week = hours.place
    where asked.place - 168 * week >= first_hour
    group by all
),

compared as (
    select norms.*, coalesce(hours.n, 0) as n, coalesce(hours.is_fresh, false) as is_fresh
    from norms
    left join hours using (table_name, place)
),

volumes as (
    select
        table_name,
        coalesce(sum(n) filter (is_fresh), 0)
        / greatest(coalesce(sum(norm) filter (is_fresh), 0), getvariable('minimum_rows')) as times_norm,
        -- what is still to come is overdue, not missing
        sum(n) filter (place >= this_hour - 24 and place < least(this_hour, newest + 1)) as day_rows,
        sum(norm) filter (place >= this_hour - 24 and place < least(this_hour, newest + 1)) as day_norm,
        coalesce(sum(norm) filter (place > newest and place < this_hour), 0) as overdue,
    from compared
    inner join tables using (table_name)
    cross join moments
    group by table_name
),

files as (
    select
        table_name, file, window_end,
        sum(n) over (partition by table_name order by window_end desc, file) - n as later,
        window_end > getvariable('since') as is_fresh,
    from landed
    where measure = 'rows'
),

ages as (
    select
        file,
        is_fresh,
        is_fresh or later < getvariable('landed_minimum_rows') as is_recent,
    from files
),

columns as (
    select
        landed.table_name, landed.part,
        sum(n) filter (is_fresh) as fresh,
        sum(n) filter (is_recent) as recent,
        sum(n) filter (not is_recent) as before,
    from landed
    inner join ages using (file)
    where measure = 'nulls'
    group by all
),

sizes as (
    select
        table_name,
        sum(n) filter (is_fresh) as fresh,
        sum(n) filter (is_recent) as recent,
        sum(n) filter (not is_recent) as before,
    from landed
    inner join ages using (file)
    where measure = 'rows'
    group by table_name
),

-- The rows since the last enrolment must show it, and so must enough rows
rises as (
    select
        columns.table_name || '.' || columns.part as place,
        least(columns.fresh / sizes.fresh, columns.recent / sizes.recent) - columns.before / sizes.before as rise,
    from columns
    inner join sizes using (table_name)
    where
        sizes.fresh > 0
        and sizes.recent >= getvariable('landed_minimum_rows')
        and sizes.before >= getvariable('landed_minimum_rows')
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
    coalesce((select (this_hour - first_hour) / 24 from moments), 0) as landed_days,
    coalesce((select max(times_norm) from volumes), 0) as landed_rows_times_norm,
    (select arg_max(table_name, times_norm) from volumes) as landed_rows_times_norm_of,
    coalesce((select max(day_norm / day_rows) from volumes where day_rows > 0 and day_norm >= 5 * getvariable('minimum_rows')), 0)
    as landed_rows_missing,
    (select arg_max(table_name, day_norm / day_rows) from volumes where day_rows > 0) as landed_rows_missing_of,
    coalesce((select max(overdue) from volumes), 0) as landed_rows_overdue,
    (select arg_max(table_name, overdue) from volumes) as landed_rows_overdue_of,
    coalesce((select max(rise) from rises), 0) as landed_null_share_rise,
    (select arg_max(place, rise) from rises) as landed_null_share_rise_of,
    coalesce((select sum(n) from repeats), 0) as landed_keys_repeated,
    (select arg_max(table_name, n) from repeats) as landed_keys_repeated_of,
    coalesce((select sum(n) from shapes), 0) as landed_columns_not_as_declared,
    (select arg_max(table_name, n) from shapes) as landed_columns_not_as_declared_of,
