{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ delete_affected() }}") }}

with conversions as (
    select candidates.*
    from {{ ref('int_candidates') }} as candidates
    where {{ size_of('candidates.reasons') }} = 0
),

identities as (
    select * from {{ ref('int_identities_latest') }}
),

advertising_decisions as (
    select
        subject_type,
        subject_id,
        decision,
        decided_at,
        consent_id
    from {{ ref('int_consents') }}
    where purpose = 'advertising'
),

-- Consent is asked twice: what had been decided when it happened …
decisions_before_event as (
    select
        conversions.source_key,
        conversions.event_kind,
        decisions.decision,
        row_number() over (
            partition by conversions.source_key, conversions.event_kind
            order by decisions.decided_at desc, decisions.consent_id desc
        ) as recency
    from conversions
    inner join advertising_decisions as decisions
        on
            conversions.subject_type = decisions.subject_type
            and conversions.subject_id = decisions.subject_id
            and conversions.occurred_at >= decisions.decided_at
),

consent_at_event as (
    select
        source_key,
        event_kind,
        decision
    from decisions_before_event
    where recency = 1
),

-- … and what has been decided by now, as far as it has landed.
decisions_by_recency as (
    select
        subject_type,
        subject_id,
        decision,
        row_number() over (
            partition by subject_type, subject_id
            order by decided_at desc, consent_id desc
        ) as recency
    from advertising_decisions
),

consent_now as (
    select
        subject_type,
        subject_id,
        decision
    from decisions_by_recency
    where recency = 1
),

events as (
    select
        -- what it is
        conversions.source_key,
        conversions.source,
        conversions.entity,
        conversions.entity_key,
        conversions.part,
        conversions.event_kind,
        event_kinds.event_name,
        event_kinds.action_source,
        conversions.event_id,
        conversions.is_event_id_captured,
        'main' as dataset,

        -- when it happened, and when we learned of it
        conversions.occurred_at,
        conversions.committed_at,
        conversions.landed_at,
        conversions.version_landed_at,

        -- what it was worth
        conversions.order_id,
        conversions.item_number,
        conversions.value,
        conversions.currency,
        conversions.currency_exponent,
        conversions.contents,
        conversions.is_missing_lines,

        -- where it happened
        conversions.event_source_url,
        conversions.referrer_url,

        -- who it was, hashed
        {% for identifier in ['em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country', 'external_id'] -%}
            {{ list_of_one('identities.' ~ identifier) }} as {{ identifier }},
        {% endfor %}

        -- who it was, in clear by the platforms' wish
        conversions.client_ip_address,
        conversions.client_user_agent,
        conversions.fbc,
        conversions.fbp,

        -- what the person allowed
        coalesce(identities.privacy_region, 'unknown') as privacy_region,
        coalesce(identities.needs_consent, true) as needs_consent,
        consent_at_event.decision as consent_at_event,
        consent_now.decision as consent_now,

        {{ this_build_seq() }} as build_seq
    from conversions
    inner join {{ ref('event_kinds') }} as event_kinds
        on conversions.event_kind = event_kinds.event_kind
    left join identities
        on
            conversions.subject_type = identities.subject_type
            and conversions.subject_id = identities.subject_id
    left join consent_at_event
        on
            conversions.source_key = consent_at_event.source_key
            and conversions.event_kind = consent_at_event.event_kind
    left join consent_now
        on
            conversions.subject_type = consent_now.subject_type
            and conversions.subject_id = consent_now.subject_id
)

select * from events
