-- One row per event that the gate refuses as it is now, with every reason and since when. It leaves by itself when its
-- row is mended.

with {{ placed_candidates_ctes(
    candidates=ref('stg_published__candidates'),
    gate=ref('stg_published__gate'),
    judged=ref('int_judged_builds'),
    keys=ref('stg_published__delivery_keys'),
    batches=ref('stg_published__batches'),
    exceptions=ref('stg_published__exceptions'),
) }},

quarantined as (
    select
        placed.destination,
        judgements.dataset,
        placed.source,
        placed.entity,
        placed.entity_key,
        placed.event_kind,
        placed.event_name,
        placed.source_key,
        judgements.event_id,
        judgements.reasons,
        judgements.value,
        judgements.currency,
        placed.occurred_at,
        placed.expires_at,
        judgements.file_id,
        coalesce(judgements.first_seen, judgements.judged_at) as first_seen,
        judgements.judged_at
    from placed_candidates as placed
    inner join newest_judgements as judgements
        on
            placed.destination = judgements.destination
            and placed.event_name = judgements.event_name
            and placed.source_key = judgements.source_key
    where placed.state = 'quarantined'
)

select * from quarantined
