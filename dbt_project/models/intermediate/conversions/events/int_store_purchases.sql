with orders as (
    select *
    from {{ ref('int_orders_judged') }}
    where event_kind = 'store_purchase'
),

-- One candidate a line; an order whose lines have not landed stays one candidate, so that it is not forgotten.
lines_of_orders as (
    select
        orders.*,
        order_lines.quantity,
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

-- What belongs to the whole order (margin, lifetime value) is not spread over its lines.
purchases as (
    select
        'shop' as source,
        'orders' as entity,
        order_id as entity_key,
        coalesce(item_number, '') as part,
        event_kind,
        'Purchase' as event_name,
        action_source,
        case
            when item_number is null then {{ event_id('purchase', ['order_id']) }}
            else {{ event_id('purchase', ['order_id', 'item_number']) }}
        end as event_id,
        reasons,
        {{ list_of(["case when item_number is null then 'ours:no_lines' end"]) }} as defects,
        occurred_at,
        committed_at,
        landed_at,
        version_landed_at,
        'customer' as subject_type,
        customer_id as subject_id,
        brand,
        line_value as value,
        currency,
        customer_segmentation,
        order_id,
        item_number,
        contents,
        case when contents is not null then quantity end as num_items
    from lines_of_orders
)

select * from purchases
