{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ delete_affected() }}") }}

{%- set hashed_identifiers = ['em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country', 'external_id'] -%}
{%- set clear_identifiers = ['client_ip_address', 'client_user_agent', 'fbc', 'fbp'] %}

with going_live as (
    select
        start_at,
        setup
    from {{ ref('int_destinations') }}
    where destination = 'meta'
),

conversions as (
    select
        events.*,
        going_live.start_at,
        going_live.setup
    from {{ ref('fct_conversion_events') }} as events
    cross join going_live
    where events.build_seq = {{ this_build_seq() }}
),

-- What is no conversion by the shop's own rules has no event, only a name and reasons.
no_conversions as (
    select
        candidates.*,
        event_kinds.event_name,
        event_kinds.action_source,
        going_live.start_at
    from {{ ref('fct_conversion_candidates') }} as candidates
    inner join {{ ref('event_kinds') }} as event_kinds
        on candidates.event_kind = event_kinds.event_kind
    cross join going_live
    where
        candidates.build_seq = {{ this_build_seq() }}
        and not candidates.is_conversion
),

checked as (
    select
        *,
        coalesce(occurred_at < start_at, false) as is_before_start,
        -- A clock that runs ahead is forgiven a minute, against the moment the version landed rather than now().
        occurred_at > version_landed_at + interval '60 seconds' as is_in_future,
        event_name = 'Purchase' as is_value_required,
        setup = 'redundant' and action_source = 'website' and is_event_id_captured as is_reported_by_pixel,
        {{ is_below_meta_baseline(hashed_identifiers + clear_identifiers) }} as is_below_baseline
    from conversions
),

reasoned as (
    select
        *,
        {{ list_of(["case when is_before_start then 'ours:before_start' end"]) }} as reasons_against_conversion,
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
    from checked
),

-- The first verdict that applies; consent is not asked of what is no conversion, but a withheld event shows all that is
-- wrong with it.
judged as (
    select
        *,
        case
            when {{ size_of('reasons_against_conversion') }} > 0 then 'not_a_conversion'
            when consent_treatment = 'withhold' then 'withheld'
            when {{ size_of('reasons_of_invalidity') }} > 0 then 'invalid'
            else 'sendable'
        end as verdict,
        case
            when {{ size_of('reasons_against_conversion') }} > 0 then reasons_against_conversion
            when consent_treatment = 'withhold' then consent_reasons || reasons_of_invalidity
            else reasons_of_invalidity
        end as reasons
    from reasoned
),

-- Meta takes an event for 7 days and one of a physical store for 62; two hours are kept back for requests that must be
-- repeated. What the Pixel has probably reported too would be counted twice after 48 hours.
with_expiry as (
    select
        *,
        case when is_reported_by_pixel then 'dedup_window' else 'window' end as expires_reason,
        case
            when is_reported_by_pixel then occurred_at + interval '48 hours' - interval '2 hours'
            else occurred_at + {{ meta_window('action_source') }} - interval '2 hours'
        end as expires_at
    from judged
),

with_user_data as (
    select
        *,
        {% set members = {} -%}
        {% for key in hashed_identifiers -%}{% do members.update({key: json_plain_list(key)}) %}{% endfor -%}
        {% for key in clear_identifiers -%}{% do members.update({key: json_text(key)}) %}{% endfor -%}
        {{ json_object(members) }} as user_data
    from with_expiry
),

with_custom_data as (
    select
        *,
        {{ json_object({
            'value': json_amount('value', 'currency_exponent'),
            'currency': json_plain_text('currency'),
            'content_type': "case when contents is not null then '\"product\"' end",
            'contents': 'contents',
            'order_id': json_text('order_id'),
            'item_number': json_text('item_number'),
        }) }} as custom_data
    from with_user_data
),

with_payload as (
    select
        *,
        case
            when verdict = 'sendable'
                then {{ json_object(dict({
                    'event_name': json_plain_text('event_name'),
                    'event_time': json_integer(epoch_seconds('occurred_at')),
                    'event_id': json_text('event_id'),
                    'action_source': json_plain_text('action_source'),
                    'event_source_url': json_text('event_source_url'),
                    'referrer_url': json_text('referrer_url'),
                    'user_data': 'user_data',
                    'custom_data': json_object_or_nothing('custom_data'),
                }, **meta_limits())) }}
        end as payload,
        case
            when verdict = 'sendable' then nullif(trim({{ json_object(meta_limits()) }}, '{}'), '')
        end as consent_limits
    from with_custom_data
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
from with_payload

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
