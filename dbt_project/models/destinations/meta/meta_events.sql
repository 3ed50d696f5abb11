{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ delete_affected() }}") }}

{%- set hashed_identifiers = ['em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country', 'external_id'] -%}
{%- set clear_identifiers = ['client_ip_address', 'client_user_agent', 'fbc', 'fbp'] %}

with candidates as (
    select *
    from {{ ref('fct_conversion_candidates') }}
    where build_seq = {{ this_build_seq() }}
),

events as (
    select *
    from {{ ref('fct_conversion_events') }}
    where build_seq = {{ this_build_seq() }}
),

going_live as (
    select
        start_at,
        setup
    from {{ ref('int_destinations') }}
    where destination = 'meta'
),

candidates_with_start as (
    select
        candidates.*,
        event_kinds.event_name,
        event_kinds.action_source,
        going_live.setup,
        coalesce(candidates.occurred_at < going_live.start_at, false) as is_before_start
    from candidates
    inner join {{ ref('event_kinds') }} as event_kinds
        on candidates.event_kind = event_kinds.event_kind
    cross join going_live
),

reasons_of_candidates as (
    select
        *,
        reasons || {{ list_of(["case when is_before_start then 'ours:before_start' end"]) }}
            as reasons_against_conversion
    from candidates_with_start
),

checked_events as (
    select
        *,
        -- Where consent is needed, it must have been given when it happened and must still stand.
        needs_consent
        and (
            coalesce(consent_at_event, 'none') not in ('granted', 'denied', 'withdrawn')
            or coalesce(consent_now, 'none') not in ('granted', 'denied', 'withdrawn')
        ) as is_consent_unknown,
        -- A clock that runs ahead is forgiven a minute, against the moment the version landed rather than now().
        occurred_at > version_landed_at + interval '60 seconds' as is_in_future,
        event_name = 'Purchase' as is_value_required,
        {{ is_below_meta_baseline(hashed_identifiers + clear_identifiers) }} as is_below_baseline
    from events
),

reasons_of_events as (
    select
        source_key,
        event_kind,
        {{ list_of([
            "case when 'withdrawn' in (consent_at_event, consent_now) then 'ours:consent_withdrawn' end",
            "case when 'denied' in (consent_at_event, consent_now) then 'ours:consent_denied' end",
            "case when is_consent_unknown then 'ours:consent_unknown' end",
        ]) }} as reasons_to_withhold,
        {{ list_of([
            "case when is_missing_lines then 'ours:no_lines' end",
            "case when occurred_at is null then 'platform:missing_event_time' end",
            "case when is_in_future then 'platform:event_time_in_future' end",
            "case when is_value_required and value is null and not is_missing_lines then 'platform:missing_value' end",
            "case when value < 0 then 'ours:negative_value' end",
            "case when is_value_required and currency is null then 'platform:missing_currency' end",
            "case when currency is not null and currency_exponent is null then 'platform:unknown_currency' end",
            "case when action_source = 'website' and event_source_url is null"
            ~ " then 'platform:missing_event_source_url' end",
            "case when is_below_baseline then 'platform:insufficient_customer_information' end",
        ]) }} as reasons_of_invalidity
    from checked_events
),

user_data as (
    select
        source_key,
        event_kind,
        {% set members = {} -%}
        {% for key in hashed_identifiers -%}{% do members.update({key: json_plain_list(key)}) %}{% endfor -%}
        {% for key in clear_identifiers -%}{% do members.update({key: json_text(key)}) %}{% endfor -%}
        {{ json_object(members) }} as user_data
    from events
),

custom_data as (
    select
        source_key,
        event_kind,
        {{ json_object({
            'value': json_amount('value', 'currency_exponent'),
            'currency': json_plain_text('currency'),
            'content_type': "case when contents is not null then '\"product\"' end",
            'contents': 'contents',
            'order_id': json_text('order_id'),
            'item_number': json_text('item_number'),
        }) }} as custom_data
    from events
),

payloads as (
    select
        events.source_key,
        events.event_kind,
        {{ json_object({
            'event_name': json_plain_text('events.event_name'),
            'event_time': json_integer(epoch_seconds('events.occurred_at')),
            'event_id': json_text('events.event_id'),
            'action_source': json_plain_text('events.action_source'),
            'event_source_url': json_text('events.event_source_url'),
            'referrer_url': json_text('events.referrer_url'),
            'user_data': 'user_data.user_data',
            'custom_data': json_object_or_nothing('custom_data.custom_data'),
        }) }} as payload
    from events
    inner join user_data
        on
            events.source_key = user_data.source_key
            and events.event_kind = user_data.event_kind
    inner join custom_data
        on
            events.source_key = custom_data.source_key
            and events.event_kind = custom_data.event_kind
),

judged as (
    select
        candidates.source_key,
        candidates.source,
        candidates.entity,
        candidates.entity_key,
        candidates.part,
        candidates.event_kind,
        candidates.event_name,
        candidates.action_source,
        candidates.setup,
        candidates.occurred_at,
        candidates.committed_at,
        candidates.landed_at,
        candidates.build_seq,
        events.event_id,
        events.value,
        events.currency,
        coalesce(events.is_event_id_captured, false) as is_event_id_captured,
        case
            when {{ size_of('candidates.reasons_against_conversion') }} > 0 then 'not_a_conversion'
            when {{ size_of('reasons.reasons_to_withhold') }} > 0 then 'withheld'
            when {{ size_of('reasons.reasons_of_invalidity') }} > 0 then 'invalid'
            else 'sendable'
        end as verdict,
        candidates.reasons_against_conversion
        || coalesce(reasons.reasons_to_withhold, {{ list_of([]) }})
        || coalesce(reasons.reasons_of_invalidity, {{ list_of([]) }}) as reasons
    from reasons_of_candidates as candidates
    left join events
        on
            candidates.source_key = events.source_key
            and candidates.event_kind = events.event_kind
    left join reasons_of_events as reasons
        on
            candidates.source_key = reasons.source_key
            and candidates.event_kind = reasons.event_kind
),

-- Meta takes an event for 7 days and one of a physical store for 62; two hours are kept back for requests that must be
-- repeated. What the browser has probably reported too would be counted twice after 48 hours.
with_expiry as (
    select
        *,
        case
            when setup = 'redundant' and action_source = 'website' and is_event_id_captured then 'dedup_window'
            else 'window'
        end as expires_reason,
        case
            when setup = 'redundant' and action_source = 'website' and is_event_id_captured
                then occurred_at + interval '46 hours'
            when action_source = 'physical_store' then occurred_at + interval '62 days' - interval '2 hours'
            else occurred_at + interval '7 days' - interval '2 hours'
        end as expires_at
    from judged
)

select
    judged.source_key,
    judged.source,
    judged.entity,
    judged.entity_key,
    judged.part,
    judged.event_kind,
    judged.event_name,
    judged.event_id,
    'main' as dataset,
    judged.action_source,
    judged.occurred_at,
    judged.committed_at,
    judged.landed_at,
    judged.expires_at,
    judged.expires_reason,
    judged.value,
    judged.currency,
    judged.verdict,
    judged.reasons,
    payloads.payload,
    {{ sha256_hex('payloads.payload') }} as payload_digest,
    judged.build_seq
from with_expiry as judged
left join payloads
    on
        judged.verdict = 'sendable'
        and judged.source_key = payloads.source_key
        and judged.event_kind = payloads.event_kind
