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

-- A Purchase must have a value and a currency. For any other event they are welcome: what cannot be sent is left out
-- rather than costing the event, and so are the amounts beside it.
with_amounts_sent as (
    select
        *,
        event_name = 'Purchase' as is_value_required,
        case
            when event_name = 'Purchase' or (value >= 0 and currency_exponent is not null) then value
        end as value_sent,
        case when event_name = 'Purchase' or currency_exponent is not null then currency end as currency_sent,
        case when net_revenue >= 0 and currency_exponent is not null then net_revenue end as net_revenue_sent,
        case when predicted_ltv >= 0 and currency_exponent is not null then predicted_ltv end as predicted_ltv_sent
    from conversions
),

checked as (
    select
        *,
        coalesce(occurred_at < start_at, false) as is_before_start,
        -- A clock that runs ahead is forgiven a minute, against the moment the version landed rather than now().
        occurred_at > version_landed_at + interval '60 seconds' as is_in_future,
        -- Seconds have ten digits until the year 2286; somebody read milliseconds as seconds.
        {{ epoch_seconds('occurred_at') }} >= 100000000000 as is_in_milliseconds,
        {{ size_of('defects') }} > 0 as has_defects,
        action_source = 'website' and is_event_id_captured as is_reported_by_pixel,
        {{ is_below_meta_baseline(meta_hashed_identifiers() + meta_clear_identifiers()) }} as is_below_baseline
    from with_amounts_sent
),

reasoned as (
    select
        *,
        {{ list_of([
            "case when is_before_start then 'ours:before_start' end",
            "case when is_reported_by_pixel and setup = 'split' then 'ours:reported_by_pixel' end",
        ]) }} as reasons_against_conversion,
        coalesce(defects, {{ list_of([]) }}) || {{ list_of([
            "case when occurred_at is null then 'platform:missing_event_time' end",
            "case when is_in_milliseconds then 'platform:event_time_in_milliseconds' end",
            "case when is_in_future then 'platform:event_time_in_future' end",
            "case when is_value_required and value_sent is null and not has_defects then 'platform:missing_value' end",
            "case when value_sent < 0 then 'ours:negative_value' end",
            "case when is_value_required and currency_sent is null then 'platform:missing_currency' end",
            "case when currency_sent is not null and currency_exponent is null then 'platform:unknown_currency' end",
            "case when action_source in ('app', 'business_messaging') then 'ours:unsupported_action_source' end",
            "case when action_source not in (" ~ meta_action_sources() ~ ") then 'platform:unknown_action_source' end",
            "case when action_source = 'website' and event_source_url is null"
            ~ " then 'platform:missing_event_source_url' end",
            "case when length(event_name) > 50 then 'ours:event_name_too_long' end",
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
        case
            when is_reported_by_pixel and setup = 'redundant' then 'dedup_window'
            else 'window'
        end as expires_reason,
        case
            when is_reported_by_pixel and setup = 'redundant'
                then occurred_at + interval '48 hours' - interval '2 hours'
            else occurred_at + {{ meta_window('action_source') }} - interval '2 hours'
        end as expires_at
    from judged
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
    value_sent,
    currency_sent,
    currency_exponent,
    net_revenue_sent,
    predicted_ltv_sent,
    customer_segmentation,
    order_id,
    item_number,
    contents,
    num_items,
    crm_name,
    original_event_name,
    original_event_id,
    original_occurred_at,
    event_source_url,
    referrer_url,
    {% for identifier in meta_hashed_identifiers() + meta_clear_identifiers() -%}
        {{ identifier }},
    {% endfor -%}
    consent_treatment,
    ldu_country,
    ldu_state,
    is_opt_out,
    verdict,
    reasons,
    build_seq
from with_expiry
