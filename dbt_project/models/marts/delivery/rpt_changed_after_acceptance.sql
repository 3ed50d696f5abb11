-- One row per accepted event that would be told otherwise, or not at all, if it were told today. What was accepted
-- stays told: platforms have no way to take a conversion back.

with accepted as (
    select * from {{ ref('fct_deliveries') }}
    where state = 'accepted'
),

-- An order that moved to another channel has an old candidate, removed, and a new one: the one that stands counts.
current_candidates as (
    select *
    from {{ ref('stg_published__candidates') }}
    qualify row_number() over (
        partition by destination, event_name, source_key
        order by build_seq desc, removed asc
    ) = 1
),

-- A refund is booked on an order; each of its events carries its share of it.
refunds as (
    select
        order_id,
        coalesce(refunded_at, landed_at) as refunded_at,
        landed_at,
        least(refunded_amount / order_total, 1) as refunded_share
    from {{ ref('int_orders_latest') }}
    where
        refunded_amount > 0
        and order_total > 0
),

compared as (
    select
        accepted.destination,
        accepted.dataset,
        accepted.event_kind,
        accepted.event_name,
        accepted.source_key,
        candidates.entity,
        candidates.entity_key,
        accepted.event_id,
        accepted.occurred_at,
        accepted.accepted_at,
        accepted.currency,
        accepted.value,
        candidates.verdict as verdict_now,
        candidates.reasons as reasons_now,
        candidates.removed or candidates.verdict = 'not_a_conversion' as is_no_conversion_now,
        candidates.verdict = 'withheld' as is_withheld_now,
        candidates.event_id as event_id_now,
        candidates.dataset as dataset_now,
        candidates.occurred_at as occurred_at_now,
        candidates.currency as currency_now,
        candidates.value as value_before_refunds,
        case when refunds.refunded_at > accepted.frozen_at then refunds.refunded_share end as refunded_share,
        greatest(candidates.built_at, coalesce(refunds.landed_at, candidates.built_at)) as noticed_at
    from accepted
    inner join current_candidates as candidates
        on
            accepted.destination = candidates.destination
            and accepted.event_name = candidates.event_name
            and accepted.source_key = candidates.source_key
    left join refunds
        on
            candidates.entity = 'orders'
            and candidates.entity_key = refunds.order_id
),

changed as (
    select
        *,
        {{ list_of([
            "case when is_no_conversion_now then 'no_conversion' end",
            "case when is_withheld_now then 'consent' end",
            "case when refunded_share is not null then 'refunded' end",
            "case when value is distinct from value_before_refunds then 'value' end",
            "case when currency is distinct from currency_now then 'currency' end",
            "case when occurred_at is distinct from occurred_at_now then 'occurred_at' end",
            "case when dataset is distinct from dataset_now then 'dataset' end",
            "case when event_id is distinct from event_id_now then 'event_id' end",
        ]) }} as changes,
        case
            when is_no_conversion_now then 0
            else value_before_refunds * (1 - coalesce(refunded_share, 0))
        end as value_now
    from compared
)

select
    destination,
    dataset,
    event_kind,
    event_name,
    source_key,
    entity,
    entity_key,
    event_id,
    changes,
    verdict_now,
    reasons_now,
    currency,
    value,
    currency_now,
    cast(value_now as decimal(18, 4)) as value_now,
    case
        when currency = currency_now then cast(value - value_now as decimal(18, 4))
    end as value_overstated,
    occurred_at,
    accepted_at,
    noticed_at
from changed
where {{ size_of('changes') }} > 0
