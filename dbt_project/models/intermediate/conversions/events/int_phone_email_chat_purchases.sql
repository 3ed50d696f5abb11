-- A person of the shop took the order on the phone, by e-mail or in a chat: there is no browser to tell of.

with orders as (
    select *
    from {{ ref('int_orders_judged') }}
    where event_kind in ('phone_purchase', 'email_purchase', 'chat_purchase')
),

purchases as (
    select
        'shop' as source,
        'orders' as entity,
        orders.order_id as entity_key,
        orders.event_kind,
        'Purchase' as event_name,
        orders.action_source,
        {{ event_id('purchase', ['orders.order_id']) }} as event_id,
        orders.reasons,
        orders.occurred_at,
        orders.committed_at,
        orders.landed_at,
        orders.version_landed_at,
        'customer' as subject_type,
        orders.customer_id as subject_id,
        orders.brand,
        orders.order_total as value,
        orders.currency,
        orders.net_revenue,
        orders.predicted_ltv,
        orders.customer_segmentation,
        orders.order_id,
        contents.contents,
        contents.num_items
    from orders
    left join {{ ref('int_contents_of_orders') }} as contents
        on orders.order_id = contents.order_id
)

select * from purchases
