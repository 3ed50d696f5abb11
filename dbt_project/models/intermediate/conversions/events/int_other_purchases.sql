-- An order of a channel that nobody reads yet is a candidate all the same, so that the sums agree.

with orders as (
    select *
    from {{ ref('int_orders_judged') }}
    where event_kind = 'other_purchase'
),

purchases as (
    select
        'shop' as source,
        'orders' as entity,
        order_id as entity_key,
        event_kind,
        'Purchase' as event_name,
        action_source,
        {{ event_id('purchase', ['order_id']) }} as event_id,
        reasons,
        occurred_at,
        committed_at,
        landed_at,
        version_landed_at,
        'customer' as subject_type,
        customer_id as subject_id,
        order_id,
        order_total as value,
        currency
    from orders
)

select * from purchases
