-- Renewals, upgrades and cancellations have no standard name: they go as events of our own, tied to the subscription
-- that they follow from. A type that nobody reads yet is a candidate all the same.

with changes as (
    select *
    from {{ ref('int_subscription_events_judged') }}
    where event_kind not in ('trial_start', 'subscribe')
),

events as (
    select
        'shop' as source,
        'subscription_events' as entity,
        subscription_event_id as entity_key,
        event_kind,
        event_name,
        action_source,
        event_id,
        reasons,
        occurred_at,
        committed_at,
        landed_at,
        version_landed_at,
        'customer' as subject_type,
        customer_id as subject_id,
        amount as value,
        currency,
        predicted_ltv,
        subscription_id,
        original_event_name,
        original_event_id,
        original_occurred_at
    from changes
)

select * from events
