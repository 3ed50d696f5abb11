{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ delete_affected() }}") }}

with conversions as (
    select
        *,
        case when verdict = 'sendable' then payload_if_sent end as payload,
        case when verdict = 'sendable' then limits_if_sent end as consent_limits
    from {{ ref('int_meta_payloads') }}
),

-- What is no conversion by the shop's own rules has no event, only a name and reasons.
no_conversions as (
    select
        candidates.*,
        destinations.start_at
    from {{ ref('fct_conversion_candidates') }} as candidates
    inner join {{ ref('int_destinations') }} as destinations
        on destinations.destination = 'meta'
    where
        candidates.build_seq = {{ this_build_seq() }}
        and not candidates.is_conversion
)

select
    source_key,
    source,
    entity,
    entity_key,
    part,
    event_kind,
    event_name,
    event_id,
    dataset,
    action_source,
    occurred_at,
    committed_at,
    landed_at,
    expires_at,
    expires_reason,
    value,
    currency,
    verdict,
    reasons,
    payload,
    {{ sha256_hex('payload') }} as payload_digest,
    consent_limits,
    build_seq
from conversions

union all

select
    source_key,
    source,
    entity,
    entity_key,
    part,
    event_kind,
    event_name,
    cast(null as varchar) as event_id,
    'main' as dataset,
    action_source,
    occurred_at,
    committed_at,
    landed_at,
    occurred_at + {{ meta_window('action_source') }} - interval '2 hours' as expires_at,
    'window' as expires_reason,
    cast(null as decimal(18, 4)) as value,
    cast(null as varchar) as currency,
    'not_a_conversion' as verdict,
    reasons || {{ list_of(["case when occurred_at < start_at then 'ours:before_start' end"]) }} as reasons,
    cast(null as varchar) as payload,
    cast(null as varchar) as payload_digest,
    cast(null as varchar) as consent_limits,
    build_seq
from no_conversions
