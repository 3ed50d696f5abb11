with affected_orders as (
    select orders.*
    from {{ ref('int_orders_latest') }} as orders
    inner join {{ ref('int_affected_entities') }} as affected
        on
            affected.entity = 'orders'
            and orders.order_id = affected.entity_key
),

-- The channel decides which kind of purchase reads an order; one that nobody reads yet is still a candidate.
with_kind_and_currency as (
    select
        affected_orders.*,
        coalesce(channels.event_kind, 'other_purchase') as event_kind,
        coalesce(channels.action_source, 'other') as action_source,
        currencies.exponent as currency_exponent,
        affected_orders.paid_at is not null as is_paid,
        affected_orders.order_status = 'cancelled' or affected_orders.cancelled_at is not null as is_cancelled,
        affected_orders.order_status = 'refunded'
        or (affected_orders.refunded_amount > 0 and affected_orders.refunded_amount >= affected_orders.order_total)
            as is_fully_refunded
    from affected_orders
    left join {{ ref('channels') }} as channels
        on affected_orders.channel = channels.channel
    left join {{ ref('currencies') }} as currencies
        on affected_orders.currency = currencies.currency
),

judged as (
    select
        order_id,
        customer_id,
        event_kind,
        action_source,
        brand,
        order_total,
        currency,
        currency_exponent,
        net_revenue,
        predicted_ltv,
        customer_segment as customer_segmentation,
        coalesce(paid_at, ordered_at) as occurred_at,
        {{ list_of([
            "case when is_test then 'ours:test' end",
            "case when not is_paid then 'ours:unpaid' end",
            "case when is_cancelled then 'ours:cancelled' end",
            "case when is_fully_refunded then 'ours:refunded' end",
            "case when order_status = 'duplicate' then 'ours:duplicate' end",
            "case when event_kind = 'other_purchase' then 'ours:unsupported_channel' end",
        ]) }} as reasons,
        first_committed_at as committed_at,
        first_landed_at as landed_at,
        landed_at as version_landed_at
    from with_kind_and_currency
)

select * from judged
