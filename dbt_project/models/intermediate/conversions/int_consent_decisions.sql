with conversions as (
    select
        source_key,
        event_kind,
        subject_type,
        subject_id,
        occurred_at
    from {{ ref('int_candidates') }}
    where {{ size_of('reasons') }} = 0
),

-- The mart is every destination's, so the strictest of their settings counts; null where no consent grows stale.
oldest_consent as (
    select min(consent_max_age_days) as max_age_days
    from {{ ref('int_destinations') }}
),

decisions as (
    select
        consent_id,
        subject_type,
        subject_id,
        purpose,
        decision,
        decided_at,
        case when basis in ('opt_in', 'opt_out', 'legitimate_interest') then basis end as basis
    from {{ ref('int_consents') }}
    where purpose in ('advertising', 'optimization')
),

-- Consent is asked twice: what had been decided when it happened …
decisions_before_event as (
    select
        conversions.source_key,
        conversions.event_kind,
        decisions.purpose,
        decisions.decision,
        decisions.decided_at,
        decisions.basis,
        row_number() over (
            partition by conversions.source_key, conversions.event_kind, decisions.purpose
            order by decisions.decided_at desc, decisions.consent_id desc
        ) as recency
    from conversions
    inner join decisions
        on
            conversions.subject_type = decisions.subject_type
            and conversions.subject_id = decisions.subject_id
            and conversions.occurred_at >= decisions.decided_at
),

-- … and what has been decided since, as far as it landed.
decisions_by_recency as (
    select
        subject_type,
        subject_id,
        purpose,
        decision,
        decided_at,
        basis,
        row_number() over (
            partition by subject_type, subject_id, purpose
            order by decided_at desc, consent_id desc
        ) as recency
    from decisions
),

-- Only an agreement grows stale, and against the moment of the event; a refusal stands however old it is.
asked as (
    select
        conversions.source_key,
        conversions.event_kind,
        identities.ldu_state as state_code,
        coalesce(identities.privacy_region, 'unknown') as privacy_region,
        {%- for moment in ['at_event', 'now'] %}
            case
                when advertising_{{ moment }}.decision in ('denied', 'withdrawn') then advertising_{{ moment }}.decision
                when
                    advertising_{{ moment }}.decision = 'granted'
                    and {{ seconds_between('advertising_' ~ moment ~ '.decided_at', 'conversions.occurred_at') }}
                    > oldest_consent.max_age_days * 86400.0
                    then 'stale'
                when advertising_{{ moment }}.decision = 'granted' then 'granted'
                else 'unknown'
            end as consent_{{ moment }},
            coalesce(advertising_{{ moment }}.basis, 'none') as basis_{{ moment }},
        {%- endfor %}
        coalesce(optimization_at_event.decision in ('denied', 'withdrawn'), false)
        or coalesce(optimization_now.decision in ('denied', 'withdrawn'), false) as is_opt_out
    from conversions
    cross join oldest_consent
    left join {{ ref('int_identities_latest') }} as identities
        on
            conversions.subject_type = identities.subject_type
            and conversions.subject_id = identities.subject_id
    {%- for purpose in ['advertising', 'optimization'] %}
        left join decisions_before_event as {{ purpose }}_at_event
            on
                conversions.source_key = {{ purpose }}_at_event.source_key
                and conversions.event_kind = {{ purpose }}_at_event.event_kind
                and {{ purpose }}_at_event.purpose = '{{ purpose }}'
                and {{ purpose }}_at_event.recency = 1
        left join decisions_by_recency as {{ purpose }}_now
            on
                conversions.subject_type = {{ purpose }}_now.subject_type
                and conversions.subject_id = {{ purpose }}_now.subject_id
                and {{ purpose }}_now.purpose = '{{ purpose }}'
                and {{ purpose }}_now.recency = 1
    {%- endfor %}
),

-- What the policy does not know is withheld.
treated as (
    select
        asked.*,
        coalesce(policy_at_event.treatment, 'withhold') as treatment_at_event,
        coalesce(policy_now.treatment, 'withhold') as treatment_now
    from asked
    left join {{ ref('consent_policy') }} as policy_at_event
        on
            asked.privacy_region = policy_at_event.privacy_region
            and asked.consent_at_event = policy_at_event.consent_state
            and asked.basis_at_event = policy_at_event.basis
    left join {{ ref('consent_policy') }} as policy_now
        on
            asked.privacy_region = policy_now.privacy_region
            and asked.consent_now = policy_now.consent_state
            and asked.basis_now = policy_now.basis
),

-- The stricter treatment of both moments wins.
decided as (
    select
        *,
        case
            when 'withhold' in (treatment_at_event, treatment_now) then 'withhold'
            when 'limited_data_use' in (treatment_at_event, treatment_now) then 'limited_data_use'
            else 'send'
        end as consent_treatment,
        case when treatment_at_event = 'withhold' then consent_at_event end as withheld_at_event,
        case when treatment_now = 'withhold' then consent_now end as withheld_now
    from treated
)

select
    source_key,
    event_kind,
    privacy_region,
    consent_at_event,
    consent_now,
    consent_treatment,
    {{ list_of([
        "case when 'withdrawn' in (withheld_at_event, withheld_now) then 'ours:consent_withdrawn' end",
        "case when 'denied' in (withheld_at_event, withheld_now) then 'ours:consent_denied' end",
        "case when 'stale' in (withheld_at_event, withheld_now) then 'ours:consent_stale' end",
        "case when 'unknown' in (withheld_at_event, withheld_now) then 'ours:consent_unknown' end",
        "case when 'granted' in (withheld_at_event, withheld_now) then 'ours:consent_basis' end",
    ]) }} as consent_reasons,
    case when consent_treatment = 'limited_data_use' then 1 end as ldu_country,
    case when consent_treatment = 'limited_data_use' then state_code end as ldu_state,
    is_opt_out
from decided
