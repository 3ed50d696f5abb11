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

contents_of_orders as (
    select
        orders.order_id,
        '[' || string_agg(
            {{ content_of_line('order_lines', 'orders.currency_exponent') }}, ',' order by order_lines.line_number
        ) || ']' as contents
    from orders
    inner join {{ ref('int_order_lines_latest') }} as order_lines
        on orders.order_id = order_lines.order_id
    group by orders.order_id
),

purchases as (
    select
        {{ source_key('shop', 'orders', 'orders.order_id') }} as source_key,
        'shop' as source,
        'orders' as entity,
        orders.order_id as entity_key,
        '' as part,
        orders.event_kind,
        orders.reasons,
        orders.occurred_at,
        orders.committed_at,
        orders.landed_at,
        orders.version_landed_at,
        'customer' as subject_type,
        orders.customer_id as subject_id,
        coalesce(clicks.event_id, {{ event_id('purchase', ['orders.order_id']) }}) as event_id,
        clicks.event_id is not null as is_event_id_captured,
        orders.order_id,
        cast(null as varchar) as item_number,
        cast(orders.order_total as decimal(18, 4)) as value,
        orders.currency,
        orders.currency_exponent,
        contents_of_orders.contents,
        false as is_missing_lines,
        coalesce(clicks.page_url, nullif('{{ var("shop_url") }}', '')) as event_source_url,
        clicks.referrer_url,
        clicks.client_ip_address,
        clicks.client_user_agent,
        clicks.fbc,
        clicks.fbp
    from orders
    left join clicks
        on orders.order_id = clicks.entity_key
    left join contents_of_orders
        on orders.order_id = contents_of_orders.order_id
)

select * from purchases
