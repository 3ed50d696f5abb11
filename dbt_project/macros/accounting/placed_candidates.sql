{#
    Where every candidate is: the CTEs up to `placed_candidates`, one row per standing candidate and destination.

    Shared by the balance and the lag, in dbt and in `waybill`, so that they can never tell two stories. Arguments are
    relations: published candidates (every version), the gate's published rows and its newest judged build per
    destination, the keys of enrolled events, and the ledger's batches and exceptions.
#}
{% macro placed_candidates_ctes(candidates, gate, judged, keys, batches, exceptions) %}
current_candidates as (
    select *
    from {{ candidates }}
    qualify row_number() over (
        partition by destination, event_kind, source_key
        order by build_seq desc
    ) = 1
),

-- Leaf batches partition the rows of their file; a split batch lives on in its children.
leaf_ranges as (
    select
        batch_id,
        file_id,
        state,
        unnest(from_json(row_ranges, '[["BIGINT"]]')) as row_range,
    from {{ batches }}
    where state <> 'split'
),

row_batches as (
    select
        keys.destination,
        keys.file_id,
        keys.row_number,
        keys.event_name,
        keys.source_key,
        keys.event_id,
        keys.frozen_at,
        leaf_ranges.batch_id,
        leaf_ranges.state,
    from {{ keys }} as keys
    left join leaf_ranges
        on keys.file_id = leaf_ranges.file_id
        and keys.row_number >= leaf_ranges.row_range[1]
        and keys.row_number < leaf_ranges.row_range[2]
),

newest_exceptions as (
    select *
    from {{ exceptions }}
    qualify row_number() over (partition by file_id, row_number order by exception_id desc) = 1
),

enrolled_states as (
    select
        row_batches.destination,
        row_batches.event_name,
        row_batches.source_key,
        min(row_batches.file_id) as file_id,
        min(row_batches.row_number) as row_number,
        min(row_batches.event_id) as event_id,
        min(row_batches.frozen_at) as frozen_at,
        min(row_batches.batch_id) as batch_id,
        case
            when count(*) <> 1 or count(row_batches.batch_id) <> 1 then 'broken'
            -- An exception `pending` gives the row back to its batch: a person lets it be sent again.
            else min(coalesce(nullif(newest_exceptions.state, 'pending'), row_batches.state))
        end as state,
    from row_batches
    left join newest_exceptions
        on row_batches.file_id = newest_exceptions.file_id
        and row_batches.row_number = newest_exceptions.row_number
    group by row_batches.destination, row_batches.event_name, row_batches.source_key
),

-- A candidate that is no more (an order moved to another channel) still stands when it was enrolled: it may be sent.
standing_candidates as (
    select current_candidates.*
    from current_candidates
    left join enrolled_states
        on current_candidates.destination = enrolled_states.destination
        and current_candidates.event_name = enrolled_states.event_name
        and current_candidates.source_key = enrolled_states.source_key
    where not current_candidates.removed or enrolled_states.state is not null
),

newest_judgements as (
    select *
    from {{ gate }}
    qualify row_number() over (
        partition by destination, event_name, source_key
        order by {{ build_order('build_id') }} desc
    ) = 1
),

-- What delivery knows wins over what SQL thinks now: an accepted event stays accepted when its order is refunded.
placed_candidates as (
    select
        standing_candidates.destination,
        standing_candidates.source,
        standing_candidates.entity,
        standing_candidates.entity_key,
        standing_candidates.event_kind,
        standing_candidates.event_name,
        standing_candidates.source_key,
        coalesce(enrolled_states.event_id, standing_candidates.event_id) as event_id,
        standing_candidates.verdict,
        standing_candidates.reasons,
        standing_candidates.occurred_at,
        standing_candidates.committed_at,
        standing_candidates.landed_at,
        standing_candidates.expires_at,
        standing_candidates.removed,
        newest_judgements.reasons as gate_reasons,
        enrolled_states.file_id,
        enrolled_states.row_number,
        enrolled_states.batch_id,
        enrolled_states.frozen_at,
        case
            when enrolled_states.state is not null then enrolled_states.state
            when standing_candidates.verdict <> 'sendable' then standing_candidates.verdict
            when
                newest_judgements.state = 'quarantined'
                and newest_judgements.payload_digest = standing_candidates.payload_digest
                then 'quarantined'
            when newest_judgements.state = 'gated' and newest_judgements.build_id = judged.build_id then 'gated'
            else 'pending'
        end as state,
    from standing_candidates
    left join enrolled_states
        on standing_candidates.destination = enrolled_states.destination
        and standing_candidates.event_name = enrolled_states.event_name
        and standing_candidates.source_key = enrolled_states.source_key
    left join newest_judgements
        on standing_candidates.destination = newest_judgements.destination
        and standing_candidates.event_name = newest_judgements.event_name
        and standing_candidates.source_key = newest_judgements.source_key
    left join {{ judged }} as judged
        on standing_candidates.destination = judged.destination
)
{% endmacro %}
