with orders as (
    select *
    from {{ ref('int_orders_judged') }}
    where event_kind = 'other_purchase'
),

purchases as (
    select
        {{ source_key('shop', 'orders', 'order_id') }} as source_key,
        'shop' as source,
        'orders' as entity,
        order_id as entity_key,
        '' as part,
        event_kind,
        reasons,
        occurred_at,
        committed_at,
        landed_at,
        version_landed_at,
        'customer' as subject_type,
        customer_id as subject_id,
        {{ event_id('purchase', ['order_id']) }} as event_id,
        false as is_event_id_captured,
        order_id,
        cast(null as varchar) as item_number,
        cast(order_total as decimal(18, 4)) as value,
        currency,
        currency_exponent,
        cast(null as varchar) as contents,
        false as is_missing_lines,
        cast(null as varchar) as event_source_url,
        cast(null as varchar) as referrer_url,
        cast(null as varchar) as client_ip_address,
        cast(null as varchar) as client_user_agent,
        cast(null as varchar) as fbc,
        cast(null as varchar) as fbp
    from orders
)

select * from purchases
