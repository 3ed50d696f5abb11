with orders as (
    select *
    from {{ ref('int_orders_judged') }}
    where event_kind = 'website_purchase'
),

clicks as (
    select *
    from {{ ref('int_clicks_chosen') }}
    where entity = 'orders'
),

purchases as (
    select
        'shop' as source,
        'orders' as entity,
        orders.order_id as entity_key,
        orders.event_kind,
        'Purchase' as event_name,
        orders.action_source,
        coalesce(clicks.event_id, {{ event_id('purchase', ['orders.order_id']) }}) as event_id,
        clicks.event_id is not null as is_event_id_captured,
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
        contents.num_items,
        coalesce(clicks.page_url, nullif('{{ var("shop_url") }}', '')) as event_source_url,
        clicks.referrer_url,
        clicks.client_ip_address,
        clicks.client_user_agent,
        clicks.fbc,
        clicks.fbp
    from orders
    left join clicks
        on orders.order_id = clicks.entity_key
    left join {{ ref('int_contents_of_orders') }} as contents
        on orders.order_id = contents.order_id
)

select * from purchases
