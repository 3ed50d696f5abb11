-- The consent policy lists every combination once, and three things in it are not for editing: a refusal is never sent
-- without limits, Limited Data Use exists only where the person's state has a code, and where consent is the law (and
-- where nobody knows which law holds) an answer that nobody gave is withheld.

with regions as (
    select unnest([
        'eea', 'uk', 'ch', 'us_ldu_state', 'us_other_state', 'us_unknown_state', 'other', 'unknown'
    ]) as privacy_region
),

states as (
    select unnest(['granted', 'denied', 'withdrawn', 'stale', 'unknown']) as consent_state
),

bases as (
    select unnest(['opt_in', 'opt_out', 'legitimate_interest', 'none']) as basis
),

combinations as (
    select
        regions.privacy_region,
        states.consent_state,
        bases.basis
    from regions
    cross join states
    cross join bases
),

counted as (
    select
        combinations.privacy_region,
        combinations.consent_state,
        combinations.basis,
        count(policies.treatment) as treatments,
        bool_or(
            policies.treatment = 'send' and combinations.consent_state in ('denied', 'withdrawn')
        ) as is_refusal_sent,
        bool_or(
            policies.treatment = 'limited_data_use' and combinations.privacy_region <> 'us_ldu_state'
        ) as is_limited_without_code,
        bool_or(
            policies.treatment <> 'withhold'
            and combinations.consent_state = 'unknown'
            and combinations.privacy_region in ('eea', 'uk', 'ch', 'unknown')
        ) as is_silence_sent
    from combinations
    left join {{ ref('consent_policy') }} as policies
        on
            combinations.privacy_region = policies.privacy_region
            and combinations.consent_state = policies.consent_state
            and combinations.basis = policies.basis
    group by combinations.privacy_region, combinations.consent_state, combinations.basis
)

select *
from counted
where
    treatments <> 1
    or is_refusal_sent
    or is_limited_without_code
    or is_silence_sent
