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
        enrolled.destination,
        enrolled.dataset,
        enrolled.event_kind,
        enrolled.event_name,
        enrolled.source_key,
        enrolled.event_id,
        states.state,
        coalesce(case when exceptions.state <> 'pending' then exceptions.reason end, batches.reason) as reason,
        enrolled.file_id,
        enrolled.row_number,
        states.batch_id,
        coalesce(attempts.attempts, 0) as attempts,
        coalesce(attempts.attempts > 1 and attempts.unknown_attempts > 0, false) as is_possibly_twice,
        enrolled.value,
        enrolled.currency,
        enrolled.occurred_at,
        enrolled.committed_at,
        enrolled.landed_at,
        enrolled.frozen_at,
        files.enrolled_at,
        batches.claimed_at,
        attempts.first_attempt_at,
        case when states.state = 'accepted' then batches.settled_at end as accepted_at,
        enrolled.expires_at
    from {{ ref('stg_published__delivery_keys') }} as enrolled
    inner join {{ ref('stg_published__files') }} as files
        on enrolled.file_id = files.file_id
    left join enrolled_states as states
        on
            enrolled.destination = states.destination
            and enrolled.event_name = states.event_name
            and enrolled.source_key = states.source_key
    left join {{ ref('stg_published__batches') }} as batches
        on states.batch_id = batches.batch_id
    left join newest_exceptions as exceptions
        on
            enrolled.file_id = exceptions.file_id
            and enrolled.row_number = exceptions.row_number
    left join attempts_of_batches as attempts
        on states.batch_id = attempts.batch_id
)

select * from deliveries
