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

-- Consent is asked twice: what had been decided when it happened, and what has been decided since, as far as it landed.
questions as (
    select
        conversions.*,
        'event' as as_of
    from conversions

    union all

    select
        conversions.*,
        'now' as as_of
    from conversions
),

answers_by_recency as (
    select
        questions.source_key,
        questions.event_kind,
        questions.as_of,
        decisions.purpose,
        decisions.decision,
        decisions.basis,
        decisions.decided_at,
        row_number() over (
            partition by questions.source_key, questions.event_kind, questions.as_of, decisions.purpose
            order by decisions.decided_at desc, decisions.consent_id desc
        ) as recency
    from questions
    inner join {{ ref('int_consents') }} as decisions
        on
            questions.subject_type = decisions.subject_type
            and questions.subject_id = decisions.subject_id
    where
        decisions.purpose in ('advertising', 'optimization')
        and (questions.as_of = 'now' or questions.occurred_at >= decisions.decided_at)
),

answers as (
    select * from answers_by_recency
    where recency = 1
),

-- Only an agreement grows stale, and against the moment of the event; a refusal stands however old it is.
with_state as (
    select
        questions.source_key,
        questions.event_kind,
        questions.as_of,
        identities.ldu_state,
        coalesce(identities.privacy_region, 'unknown') as privacy_region,
        case
            when advertising.decision in ('denied', 'withdrawn') then advertising.decision
            when
                advertising.decision = 'granted'
                and {{ seconds_between('advertising.decided_at', 'questions.occurred_at') }}
                > oldest_consent.max_age_days * 86400.0
                then 'stale'
            when advertising.decision = 'granted' then 'granted'
            else 'unknown'
        end as consent_state,
        case
            when advertising.basis in ('opt_in', 'opt_out', 'legitimate_interest') then advertising.basis
            else 'none'
        end as basis,
        coalesce(optimization.decision in ('denied', 'withdrawn'), false) as is_opt_out
    from questions
    cross join oldest_consent
    left join {{ ref('int_identities_latest') }} as identities
        on
            questions.subject_type = identities.subject_type
            and questions.subject_id = identities.subject_id
    left join answers as advertising
        on
            questions.source_key = advertising.source_key
            and questions.event_kind = advertising.event_kind
            and questions.as_of = advertising.as_of
            and advertising.purpose = 'advertising'
    left join answers as optimization
        on
            questions.source_key = optimization.source_key
            and questions.event_kind = optimization.event_kind
            and questions.as_of = optimization.as_of
            and optimization.purpose = 'optimization'
),

-- What the policy does not know is withheld.
treated as (
    select
        with_state.*,
        coalesce(consent_policy.treatment, 'withhold') as treatment
    from with_state
    left join {{ ref('consent_policy') }} as consent_policy
        on
            with_state.privacy_region = consent_policy.privacy_region
            and with_state.consent_state = consent_policy.consent_state
            and with_state.basis = consent_policy.basis
),

-- The stricter treatment of both moments wins.
decided as (
    select
        source_key,
        event_kind,
        max(privacy_region) as privacy_region,
        max(ldu_state) as state_code,
        max(case when as_of = 'event' then consent_state end) as consent_at_event,
        max(case when as_of = 'now' then consent_state end) as consent_now,
        sum(case when treatment = 'withhold' then 1 else 0 end) > 0 as is_withheld,
        sum(case when treatment = 'limited_data_use' then 1 else 0 end) > 0 as is_limited,
        {% for state in ['withdrawn', 'denied', 'stale', 'unknown', 'granted'] -%}
            sum(case when treatment = 'withhold' and consent_state = '{{ state }}' then 1 else 0 end) > 0
                as is_withheld_as_{{ state }},
        {% endfor -%}
        sum(case when is_opt_out then 1 else 0 end) > 0 as is_opt_out
    from treated
    group by source_key, event_kind
),

decisions as (
    select
        source_key,
        event_kind,
        privacy_region,
        consent_at_event,
        consent_now,
        case
            when is_withheld then 'withhold'
            when is_limited then 'limited_data_use'
            else 'send'
        end as consent_treatment,
        {{ list_of([
            "case when is_withheld_as_withdrawn then 'ours:consent_withdrawn' end",
            "case when is_withheld_as_denied then 'ours:consent_denied' end",
            "case when is_withheld_as_stale then 'ours:consent_stale' end",
            "case when is_withheld_as_unknown then 'ours:consent_unknown' end",
            "case when is_withheld_as_granted then 'ours:consent_basis' end",
        ]) }} as consent_reasons,
        case when is_limited and not is_withheld then 1 end as ldu_country,
        case when is_limited and not is_withheld then state_code end as ldu_state,
        is_opt_out
    from decided
)

select * from decisions
