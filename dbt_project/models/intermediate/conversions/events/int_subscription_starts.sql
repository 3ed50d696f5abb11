with starts as (
    select *
    from {{ ref('int_subscription_events_judged') }}
    where event_kind in ('trial_start', 'subscribe')
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
        is_event_id_captured,
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
        coalesce(page_url, nullif('{{ var("shop_url") }}', '')) as event_source_url,
        referrer_url,
        client_ip_address,
        client_user_agent,
        fbc,
        fbp
    from starts
)

select * from events
