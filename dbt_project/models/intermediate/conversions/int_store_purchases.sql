with orders as (
    select *
    from {{ ref('int_orders_judged') }}
    where event_kind = 'store_purchase'
),

-- One candidate a line; an order whose lines have not landed stays one candidate, so that it is not forgotten.
lines_of_orders as (
    select
        orders.*,
        order_lines.line_number,
        order_lines.line_number is null as is_missing_lines,
        cast(order_lines.line_number as varchar) as item_number,
        cast(order_lines.quantity * order_lines.unit_price as decimal(18, 4)) as line_value,
        case
            when order_lines.line_number is not null
                then '[' || {{ content_of_line('order_lines', 'orders.currency_exponent') }} || ']'
        end as contents
    from orders
    left join {{ ref('int_order_lines_latest') }} as order_lines
        on orders.order_id = order_lines.order_id
),

purchases as (
    select
        case
            when is_missing_lines then {{ source_key('shop', 'orders', 'order_id') }}
            else {{ source_key('shop', 'orders', 'order_id', part='item_number') }}
        end as source_key,
        'shop' as source,
        'orders' as entity,
        order_id as entity_key,
        coalesce(item_number, '') as part,
        event_kind,
        reasons,
        occurred_at,
        committed_at,
        landed_at,
        version_landed_at,
        'customer' as subject_type,
        customer_id as subject_id,
        case
            when is_missing_lines then {{ event_id('purchase', ['order_id']) }}
            else {{ event_id('purchase', ['order_id', 'item_number']) }}
        end as event_id,
        false as is_event_id_captured,
        order_id,
        item_number,
        line_value as value,
        currency,
        currency_exponent,
        contents,
        is_missing_lines,
        cast(null as varchar) as event_source_url,
        cast(null as varchar) as referrer_url,
        cast(null as varchar) as client_ip_address,
        cast(null as varchar) as client_user_agent,
        cast(null as varchar) as fbc,
        cast(null as varchar) as fbp
    from lines_of_orders
)

select * from purchases
