-- The measures of the set once more, over a file and those before it together (`counted`), for files that are too small.
with sizes as (
    select
        coalesce(sum(n) filter (measure = 'judged'), 0) as judged,
        coalesce(sum(n) filter (measure = 'orders'), 0) as orders,
        coalesce(sum(n) filter (measure = 'sampled'), 0) as sampled,
        coalesce(sum(n) filter (measure = 'purchases'), 0) as purchases,
        coalesce(sum(n) filter (measure = 'sampled_purchases'), 0) as sampled_purchases,
        coalesce(sum(n) filter (measure = 'quarantined'), 0) as quarantined,
        coalesce(sum(n) filter (measure = 'anonymous'), 0) as anonymous,
        coalesce(sum(n) filter (measure = 'enrolled_before'), 0) as enrolled_before,
        coalesce(sum(n) filter (measure = 'zeros'), 0) as zeros,
        count(distinct part) filter (measure = 'currency') as currencies,
        coalesce(sum(n) filter (measure = 'frozen'), 0) as frozen,
        coalesce(sum(n) filter (measure = 'past_expiry'), 0) as past_expiry,
        coalesce(sum(n) filter (measure = 'purchase_orders'), 0) as purchase_orders,
        coalesce(sum(n) filter (measure = 'repeated_orders'), 0) as repeated_orders,
    from counted
),

buckets as (
    select measure, sum(n) as n
    from counted
    where
        measure in ('em', 'ph', 'external_id', 'fbp', 'fbc', 'client_ip_address', 'event_time', 'value', 'event_id')
    group by measure, place
),

most_frequent as (
    select
        coalesce(max(n) filter (measure = 'em'), 0) as em,
        coalesce(max(n) filter (measure = 'ph'), 0) as ph,
        coalesce(max(n) filter (measure = 'external_id'), 0) as external_id,
        coalesce(max(n) filter (measure = 'fbp'), 0) as fbp,
        coalesce(max(n) filter (measure = 'fbc'), 0) as fbc,
        coalesce(max(n) filter (measure = 'client_ip_address'), 0) as client_ip_address,
        coalesce(max(n) filter (measure = 'event_time'), 0) as event_time,
        coalesce(max(n) filter (measure = 'value'), 0) as value,
        coalesce(max(n) filter (measure = 'event_id'), 0) as event_id,
    from buckets
),

quarantine as (
    select quarantined + getvariable('left_out') as refused, judged + getvariable('left_out') as looked_at
    from sizes
)

select
    judged, orders, purchases, frozen, purchase_orders,
    coalesce(past_expiry / nullif(frozen, 0), 0) as past_expiry_share,
    coalesce(repeated_orders / nullif(purchase_orders, 0), 0) as repeated_order_share,
    coalesce(refused / nullif(looked_at, 0), 0) as quarantined_share,
    coalesce(em / nullif(orders, 0), 0) as one_em_share,
    coalesce(ph / nullif(orders, 0), 0) as one_ph_share,
    coalesce(external_id / nullif(orders, 0), 0) as one_external_id_share,
    coalesce(fbp / nullif(orders, 0), 0) as one_fbp_share,
    coalesce(fbc / nullif(orders, 0), 0) as one_fbc_share,
    coalesce(client_ip_address / nullif(orders, 0), 0) as one_client_ip_address_share,
    coalesce(event_time / nullif(orders, 0), 0) as one_event_time_share,
    coalesce(event_id / nullif(sampled, 0), 0) as one_event_id_share,
    coalesce(anonymous / nullif(judged, 0), 0) as no_email_and_no_phone_share,
    coalesce(zeros / nullif(purchases, 0), 0) as zero_value_share,
    coalesce(value / nullif(sampled_purchases, 0), 0) as one_value_share,
    coalesce(enrolled_before / nullif(judged, 0), 0) as enrolled_before_share,
    currencies,
from sizes, most_frequent, quarantine
