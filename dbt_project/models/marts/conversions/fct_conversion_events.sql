{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ delete_affected() }}") }}

with conversions as (
    select candidates.*
    from {{ ref('int_candidates') }} as candidates
    where {{ size_of('candidates.reasons') }} = 0
),

identities as (
    select * from {{ ref('int_identities_latest') }}
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
        conversions.event_name,
        conversions.action_source,
        conversions.event_id,
        conversions.is_event_id_captured,
        {{ dataset_of('conversions.brand', 'identities.country_code') }} as dataset,

        -- when it happened, and when we learned of it
        conversions.occurred_at,
        conversions.committed_at,
        conversions.landed_at,
        conversions.version_landed_at,

        -- what it was worth
        conversions.value,
        conversions.currency,
        conversions.currency_exponent,
        conversions.net_revenue,
        conversions.predicted_ltv,
        conversions.customer_segmentation,

        -- what was bought
        conversions.order_id,
        conversions.item_number,
        conversions.contents,
        conversions.num_items,

        -- what it follows from
        conversions.crm_name,
        conversions.original_event_name,
        conversions.original_event_id,
        conversions.original_occurred_at,

        -- what is wrong with it whatever the destination
        conversions.defects,

        -- where it happened
        conversions.event_source_url,
        conversions.referrer_url,

        -- who it was, hashed
        identities.em,
        identities.ct,
        {% for identifier in ['ph', 'fn', 'ln', 'ge', 'db', 'st', 'zp', 'country', 'external_id'] -%}
            {{ list_of_one('identities.' ~ identifier) }} as {{ identifier }},
        {% endfor %}

        -- who it was, in clear by the platforms' wish
        conversions.client_ip_address,
        conversions.client_user_agent,
        {{ fbc_in_time('conversions.fbc', 'conversions.occurred_at') }} as fbc,
        conversions.fbp,
        conversions.lead_id,
        conversions.subscription_id,

        -- what the person allowed
        consents.privacy_region,
        consents.consent_at_event,
        consents.consent_now,
        consents.consent_treatment,
        consents.consent_reasons,
        consents.ldu_country,
        consents.ldu_state,
        consents.is_opt_out,

        {{ this_build_seq() }} as build_seq
    from conversions
    inner join {{ ref('int_consent_decisions') }} as consents
        on
            conversions.source_key = consents.source_key
            and conversions.event_kind = consents.event_kind
    left join identities
        on
            conversions.subject_type = identities.subject_type
            and conversions.subject_id = identities.subject_id
)

select * from events
