with {{ placed_candidates_ctes(
    candidates=ref('stg_published__candidates'),
    gate=ref('stg_published__gate'),
    judged=ref('int_judged_builds'),
    keys=ref('stg_published__delivery_keys'),
    batches=ref('stg_published__batches'),
    exceptions=ref('stg_published__exceptions'),
) }},

attempts_of_batches as (
    select
        lineage.batch_id,
        count(attempts.attempt_id) as attempts,
        min(attempts.started_at) as first_attempt_at,
        count(*) filter (where attempts.outcome = 'unknown') as unknown_attempts
    from {{ ref('int_batch_lineage') }} as lineage
    inner join {{ ref('stg_published__attempts') }} as attempts
        on lineage.ancestor_id = attempts.batch_id
    group by lineage.batch_id
),

deliveries as (
    select
        keys.destination,
        keys.dataset,
        keys.event_kind,
        keys.event_name,
        keys.source_key,
        keys.event_id,
        states.state,
        coalesce(exceptions.reason, batches.reason) as reason,
        keys.file_id,
        keys.row_number,
        states.batch_id,
        coalesce(attempts.attempts, 0) as attempts,
        coalesce(attempts.attempts > 1 and attempts.unknown_attempts > 0, false) as is_possibly_twice,
        keys.value,
        keys.currency,
        keys.occurred_at,
        keys.committed_at,
        keys.landed_at,
        keys.frozen_at,
        files.enrolled_at,
        batches.claimed_at,
        attempts.first_attempt_at,
        case when states.state = 'accepted' then batches.settled_at end as accepted_at,
        keys.expires_at
    from {{ ref('stg_published__delivery_keys') }} as keys
    inner join {{ ref('stg_published__files') }} as files
        on keys.file_id = files.file_id
    left join enrolled_states as states
        on
            keys.destination = states.destination
            and keys.event_name = states.event_name
            and keys.source_key = states.source_key
    left join {{ ref('stg_published__batches') }} as batches
        on states.batch_id = batches.batch_id
    left join newest_exceptions as exceptions
        on
            keys.file_id = exceptions.file_id
            and keys.row_number = exceptions.row_number
    left join attempts_of_batches as attempts
        on states.batch_id = attempts.batch_id
)

select * from deliveries
