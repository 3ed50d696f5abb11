-- What is kept of a judged delta file: counts that may be added to those of other files, one row per measure, part and
-- position. Identifiers are counted in 64 buckets of a hash: enough to notice that one of them is everywhere, too few
-- to find a person by. Of a large file every n-th order is counted there, because a trailing window needs a few.
set variable thinning = (select greatest(1, count(*) // 5000) from facts);

-- What may not become another mix of the same parts from one day to the next
set variable mixed = ['events', 'currency', 'dataset', 'action_source'];

-- What the Pixel has probably reported is not sent after two days, which a weekend's outage reaches.
set variable past_expiry = (
    select count(*)
    from delta
    where
        past_expiry
        and not (expires_reason = 'dedup_window' and coalesce(occurred_at > getvariable('frozen_at') - interval 7 day, false))
);

create or replace temp table tallies as
with judged as (
    select facts.*, quarantined.row_number is not null as is_quarantined
    from facts
    left join quarantined on facts.row_number = quarantined.row_number
),

passed as (
    select
        *,
        if(is_purchase, 'Purchase', event_name) as name,
        event_name || ' ' || currency_code as priced_in,
    from judged
    where not is_quarantined
),

capped as (
    select
        passed.*,
        least(passed.amount, coalesce(getvariable('times_usual') * usual.value, passed.amount)) as worth,
    from passed
    left join usual on passed.priced_in = usual.part
    where passed.amount > 0 and passed.currency_code is not null
),

sampled as (
    select * from judged where order_number % getvariable('thinning') = 0
),

identities as (
    select
        order_number, row_number,
        unnest([
            {'measure': 'em', 'number': em_number},
            {'measure': 'ph', 'number': ph_number},
            {'measure': 'external_id', 'number': external_id_number},
            {'measure': 'fbp', 'number': fbp_number},
            {'measure': 'fbc', 'number': fbc_number},
            {'measure': 'client_ip_address', 'number': ip_number},
            {'measure': 'event_time', 'number': hash(occurred_second)},
            {'measure': 'value', 'number': if(is_purchase and amount > 0, hash(amount, currency_code), null)},
            {'measure': 'event_id', 'number': event_id_number}
        ], recursive := true),
        occurred_second,
    from sampled
),

purchase_orders as (
    select bought_number, count(*) as purchases
    from judged
    where is_purchase and bought_number is not null
    group by bought_number
),

counts as (
    select 'judged' as measure, '' as part, 0 as place, count(*) as n from judged
    union all
    select 'frozen', '', 0, getvariable('frozen_rows')
    union all
    select 'past_expiry', '', 0, getvariable('past_expiry')
    union all
    select 'purchase_orders', '', 0, count(*) from purchase_orders
    union all
    select 'repeated_orders', '', 0, count(*) from purchase_orders where purchases > 1
    union all
    select 'quarantined', '', 0, count(*) from judged where is_quarantined
    union all
    select 'anonymous', '', 0, count(*) from judged where em_number is null and ph_number is null
    union all
    select 'enrolled_before', '', 0, count(*) from judged where is_enrolled_before
    union all
    select 'purchases', '', 0, count(*) from judged where is_purchase and amount is not null
    union all
    select 'zeros', '', 0, count(*) from judged where is_purchase and amount = 0
    union all
    select 'orders', '', 0, count(distinct order_number) from sampled
    union all
    select 'sampled', '', 0, count(*) from sampled
    union all
    select 'sampled_purchases', '', 0, count(*) from sampled where is_purchase and amount is not null
    union all
    select 'currency', currency_code, occurred_hour, count(*) from passed where currency_code is not null group by all
    union all
    select 'dataset', dataset, occurred_hour, count(*) from passed group by all
    union all
    select 'action_source', p_action_source, occurred_hour, count(*) from passed group by all
    union all
    select 'magnitude', currency_code, magnitude_of(amount), count(*)
    from judged
    where is_purchase and amount > 0 and currency_code is not null
    group by all
    union all
    select 'rows', event_kind, 0, count(*) from judged group by event_kind
    union all
    select 'rows_with_em', event_kind, 0, count(em_number) from judged group by event_kind
    union all
    select 'rows_with_ph', event_kind, 0, count(ph_number) from judged group by event_kind
    union all
    select 'events', name, occurred_hour, count(*) from passed group by all
    union all
    select 'priced', priced_in, 0, count(*) from capped group by all
    union all
    select 'worth', priced_in, occurred_hour, sum(worth) from capped group by all
    union all
    select
        measure, '', cast(number % 64 as bigint),
        count(distinct if(measure in ('event_id', 'value'), row_number, order_number)),
    from identities
    where number is not null and (measure <> 'event_time' or occurred_second is not null)
    group by all
)

select measure, coalesce(part, '') as part, place, cast(n as double) as n
from counts
where n > 0;
