with affected_events as (
    select events.*
    from {{ ref('int_subscription_events_latest') }} as events
    inner join {{ ref('int_affected_entities') }} as affected
        on
            affected.entity = 'subscription_events'
            and events.subscription_event_id = affected.entity_key
),

clicks as (
    select *
    from {{ ref('int_clicks_chosen') }}
    where entity = 'subscription_events'
),

with_kind_and_click as (
    select
        events.*,
        coalesce(event_types.event_kind, 'other_subscription_event') as event_kind,
        coalesce(event_types.event_name, 'SubscriptionChanged') as event_name,
        coalesce(event_types.action_source, 'system_generated') as action_source,
        clicks.event_id as captured_event_id,
        clicks.page_url,
        clicks.referrer_url,
        clicks.client_ip_address,
        clicks.client_user_agent,
        clicks.fbc,
        clicks.fbp
    from affected_events as events
    left join {{ ref('subscription_event_types') }} as event_types
        on events.event_type = event_types.event_type
    left join clicks
        on events.subscription_event_id = clicks.entity_key
),

-- The first trial and the first subscription are named by the subscription alone, as the browser can name them; an
-- event without a subscription is named by itself.
with_event_id as (
    select
        *,
        case
            when captured_event_id is not null then captured_event_id
            when subscription_id is null then {{ event_id('subscription', ['subscription_event_id']) }}
            when event_kind = 'trial_start' and coalesce(occurrence, 1) = 1
                then {{ event_id('trial', ['subscription_id']) }}
            when event_kind = 'trial_start' then {{ event_id('retrial', ['subscription_id', 'occurrence']) }}
            when event_kind = 'subscribe' and coalesce(occurrence, 1) = 1
                then {{ event_id('subscribe', ['subscription_id']) }}
            when event_kind = 'subscribe' then {{ event_id('resubscribe', ['subscription_id', 'occurrence']) }}
            when event_kind = 'renewal' then {{ event_id('renewal', ['subscription_id', 'coalesce(occurrence, 1)']) }}
            when event_kind = 'upgrade' then {{ event_id('upgrade', ['subscription_id', 'coalesce(occurrence, 1)']) }}
            when event_kind = 'cancellation'
                then {{ event_id('cancellation', ['subscription_id', 'coalesce(occurrence, 1)']) }}
            else {{ event_id('subscription', ['subscription_event_id']) }}
        end as event_id
    from with_kind_and_click
),

-- What a renewal, an upgrade or a cancellation follows from: the newest subscription before it, else the newest trial.
starts_before as (
    select
        events.subscription_event_id,
        start_events.event_name as original_event_name,
        start_events.event_id as original_event_id,
        start_events.occurred_at as original_occurred_at,
        row_number() over (
            partition by events.subscription_event_id
            order by
                case when start_events.event_kind = 'subscribe' then 0 else 1 end,
                start_events.occurred_at desc,
                start_events.subscription_event_id desc
        ) as choice
    from with_event_id as events
    inner join with_event_id as start_events
        on
            events.subscription_id = start_events.subscription_id
            and events.occurred_at >= start_events.occurred_at
    where
        events.event_kind not in ('trial_start', 'subscribe')
        and start_events.event_kind in ('trial_start', 'subscribe')
),

originals as (
    select *
    from starts_before
    where choice = 1
)

select
    events.subscription_event_id,
    events.subscription_id,
    events.customer_id,
    events.event_kind,
    events.event_name,
    events.action_source,
    events.event_id,
    events.captured_event_id is not null as is_event_id_captured,
    {{ list_of([
        "case when events.is_test then 'ours:test' end",
        "case when events.event_kind = 'other_subscription_event' then 'ours:unsupported_event_type' end",
    ]) }} as reasons,
    events.occurred_at,
    events.first_committed_at as committed_at,
    events.first_landed_at as landed_at,
    events.landed_at as version_landed_at,
    events.amount,
    events.currency,
    events.predicted_ltv,
    originals.original_event_name,
    originals.original_event_id,
    originals.original_occurred_at,
    events.page_url,
    events.referrer_url,
    events.client_ip_address,
    events.client_user_agent,
    events.fbc,
    events.fbp
from with_event_id as events
left join originals
    on events.subscription_event_id = originals.subscription_event_id
