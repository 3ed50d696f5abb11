-- Measures of the file as a set, over the facts of its judged rows. Identity shares count orders and leads, not events,
-- because every line of a store order is an event of the same person.
with sizes as (
    select
        count(*) as judged,
        count(distinct order_number) as orders,
        count(*) filter (where is_purchase and amount is not null) as purchases,
        count(*) filter (where is_purchase and amount = 0) as zeros,
        count(*) filter (where em_number is null and ph_number is null) as anonymous,
        count(*) filter (where is_enrolled_before) as enrolled_before,
        count(*) filter (where is_withheld_before) as withheld_before,
        count(distinct currency_code) as currencies,
    from facts
),

-- counted once, where they are counted for later files
tallied as (
    select
        coalesce(sum(n) filter (measure = 'purchase_orders'), 0) as purchase_orders,
        coalesce(sum(n) filter (measure = 'repeated_orders'), 0) as repeated_orders,
    from tallies
),

most_frequent as (
    select
        (select max(n) from (
            select count(distinct order_number) as n from facts where em_number is not null group by em_number
        )) as em,
        (select max(n) from (
            select count(distinct order_number) as n from facts where ph_number is not null group by ph_number
        )) as ph,
        (select max(n) from (
            select count(distinct order_number) as n from facts where external_id_number is not null
            group by external_id_number
        )) as external_id,
        (select max(n) from (
            select count(distinct order_number) as n from facts where fbp_number is not null group by fbp_number
        )) as fbp,
        (select max(n) from (
            select count(distinct order_number) as n from facts where fbc_number is not null group by fbc_number
        )) as fbc,
        (select max(n) from (
            select count(distinct order_number) as n from facts where ip_number is not null group by ip_number
        )) as ip,
        (select max(n) from (
            select count(*) as n from facts where event_id_number is not null group by event_id_number
        )) as event_id,
        (select max(n) from (
            select count(distinct order_number) as n from facts where occurred_second is not null group by occurred_second
        )) as event_time,
        (select max(n) from (
            select count(*) as n from facts where is_purchase and amount > 0 group by amount, currency_code
        )) as amount,
),

medians as (
    select max(share) as share
    from (
        select median(amount) / max(largest_value) as share
        from facts
        where is_purchase and amount is not null and currency_code is not null
        group by currency_code
        having count(*) >= getvariable('minimum_rows')
    )
)

select
    judged, orders, purchases, purchase_orders,
    getvariable('frozen_rows') as frozen,
    coalesce(getvariable('past_expiry') / nullif(frozen, 0), 0) as past_expiry_share,
    coalesce(repeated_orders / nullif(purchase_orders, 0), 0) as repeated_order_share,
    -- one of two who changed his mind is no half
    withheld_before / greatest(getvariable('withheld_before'), getvariable('minimum_rows')) as withheld_now_sendable_share,
    (select count(*) from delta where row_number <> position or row_number is null) as rows_not_at_their_position,
    -- rows that are left out because they were refused since the last enrolment would be here, had they not been
    coalesce(
        ((select count(*) from quarantined) + getvariable('left_out')) / nullif(judged + getvariable('left_out'), 0), 0
    ) as quarantined_share,
    coalesce(em / nullif(orders, 0), 0) as one_em_share,
    coalesce(ph / nullif(orders, 0), 0) as one_ph_share,
    coalesce(external_id / nullif(orders, 0), 0) as one_external_id_share,
    coalesce(fbp / nullif(orders, 0), 0) as one_fbp_share,
    coalesce(fbc / nullif(orders, 0), 0) as one_fbc_share,
    coalesce(ip / nullif(orders, 0), 0) as one_client_ip_address_share,
    coalesce(event_id / nullif(judged, 0), 0) as one_event_id_share,
    coalesce(enrolled_before / nullif(judged, 0), 0) as enrolled_before_share,
    coalesce(event_time / nullif(orders, 0), 0) as one_event_time_share,
    coalesce(anonymous / nullif(judged, 0), 0) as no_email_and_no_phone_share,
    coalesce(zeros / nullif(purchases, 0), 0) as zero_value_share,
    coalesce(amount / nullif(purchases, 0), 0) as one_value_share,
    currencies,
    coalesce(share, 0) as median_value_share_of_largest,
from sizes, tallied, most_frequent, medians
