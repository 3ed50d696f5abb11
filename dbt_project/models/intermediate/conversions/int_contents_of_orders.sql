-- Only lines that name a product and a quantity can be told to a platform; the others are left out of its list.

with lines_of_orders as (
    select
        orders.order_id,
        order_lines.line_number,
        order_lines.quantity,
        {{ content_of_line('order_lines', 'orders.currency_exponent') }} as line_content
    from {{ ref('int_orders_judged') }} as orders
    inner join {{ ref('int_order_lines_latest') }} as order_lines
        on orders.order_id = order_lines.order_id
    where orders.event_kind <> 'store_purchase'
)

select
    order_id,
    '[' || string_agg(line_content, ',' order by line_number) || ']' as contents,
    cast(sum(case when line_content is not null then quantity end) as bigint) as num_items
from lines_of_orders
group by order_id
