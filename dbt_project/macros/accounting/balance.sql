{#
    The balance: where every candidate is, per destination, and whether the sums agree.

    One text, rendered by dbt for rpt_balance and by `waybill balance` over the live ledger. So it uses nothing of dbt
    but its own arguments, each the name of a relation (or a function call that gives one):

    candidates      published verdicts, every version     totals      candidates that the marts hold
    gate            published decisions, row by row        judged      newest judged build per destination
    keys            keys of every enrolled event           files, batches, attempts, exceptions    the ledger
    landed          distinct keys that the last good build had seen: source, entity, entity_key
#}
{% macro balance(candidates, totals, gate, judged, keys, files, batches, attempts, exceptions, landed) %}
with {{ placed_candidates_ctes(candidates, gate, judged, keys, batches, exceptions) }},

batch_lineage as (
    with recursive ancestry as (
        select
            batch_id,
            batch_id as ancestor_id,
            parent_batch_id,
        from {{ batches }}

        union all

        select
            ancestry.batch_id,
            parents.batch_id as ancestor_id,
            parents.parent_batch_id,
        from ancestry
        inner join {{ batches }} as parents
            on ancestry.parent_batch_id = parents.batch_id
    )

    select
        batch_id,
        ancestor_id,
    from ancestry
),

-- An answer that never came, and another request for the same rows: the platform may have both.
batches_sent_again as (
    select batch_lineage.batch_id
    from batch_lineage
    inner join {{ attempts }} as attempts
        on batch_lineage.ancestor_id = attempts.batch_id
    group by batch_lineage.batch_id
    having count(*) > 1 and count(*) filter (where attempts.outcome = 'unknown') > 0
),

counted as (
    select
        destination,
        count(*) as candidates,
        {% for word in [
            'not_a_conversion', 'withheld', 'invalid', 'quarantined', 'gated', 'pending', 'sending', 'unknown',
            'accepted', 'rejected', 'expired', 'withdrawn',
        ] -%}
        count(*) filter (where state = '{{ word }}') as {{ word }},
        {% endfor -%}
        count(*) filter (where batch_id in (select batch_id from batches_sent_again)) as possibly_twice,
        count(*) filter (where not removed) as in_marts,
    from placed_candidates
    group by destination
),

landed_without_candidate as (
    select
        destinations.destination,
        count(*) as missing,
    from {{ landed }} as landed
    cross join (select distinct destination from {{ totals }}) as destinations
    where not exists (
        select 1
        from standing_candidates
        where
            standing_candidates.destination = destinations.destination
            and standing_candidates.source = landed.source
            and standing_candidates.entity = landed.entity
            and standing_candidates.entity_key = landed.entity_key
    )
    group by destinations.destination
),

enrolled_without_candidate as (
    select
        destination,
        count(*) as missing,
    from enrolled_states
    where not exists (
        select 1
        from standing_candidates
        where
            standing_candidates.destination = enrolled_states.destination
            and standing_candidates.event_name = enrolled_states.event_name
            and standing_candidates.source_key = enrolled_states.source_key
    )
    group by destination
),

file_sums as (
    select
        files.destination,
        files.file_id,
        files.rows = files.enrolled_rows + files.quarantined_rows
        and files.enrolled_rows = coalesce(leaves.events, 0)
        and files.enrolled_rows = coalesce(enrolled.events, 0) as adds_up,
    from {{ files }} as files
    left join (
        select
            file_id,
            sum(events) as events,
        from {{ batches }}
        where state <> 'split'
        group by file_id
    ) as leaves
        on files.file_id = leaves.file_id
    left join (
        select
            file_id,
            count(*) as events,
        from {{ keys }}
        group by file_id
    ) as enrolled
        on files.file_id = enrolled.file_id
),

broken_files as (
    select
        destination,
        count(*) as broken,
    from file_sums
    where not adds_up
    group by destination
)

select
    totals.destination,
    coalesce(counted.candidates, 0) as candidates,
    {% for word in [
        'not_a_conversion', 'withheld', 'invalid', 'quarantined', 'gated', 'pending', 'sending', 'unknown',
        'accepted', 'rejected', 'expired', 'withdrawn', 'possibly_twice',
    ] -%}
    coalesce(counted.{{ word }}, 0) as {{ word }},
    {% endfor -%}
    coalesce(landed_without_candidate.missing, 0) as landed_without_candidate,
    coalesce(enrolled_without_candidate.missing, 0) as enrolled_without_candidate,
    totals.candidates - coalesce(counted.in_marts, 0) as marts_minus_published,
    coalesce(broken_files.broken, 0) as files_that_do_not_add_up,
    coalesce(counted.candidates, 0) = (
        coalesce(counted.not_a_conversion, 0) + coalesce(counted.withheld, 0) + coalesce(counted.invalid, 0)
        + coalesce(counted.quarantined, 0) + coalesce(counted.gated, 0) + coalesce(counted.pending, 0)
        + coalesce(counted.sending, 0) + coalesce(counted.unknown, 0) + coalesce(counted.accepted, 0)
        + coalesce(counted.rejected, 0) + coalesce(counted.expired, 0) + coalesce(counted.withdrawn, 0)
    )
    and coalesce(landed_without_candidate.missing, 0) = 0
    and coalesce(enrolled_without_candidate.missing, 0) = 0
    and totals.candidates = coalesce(counted.in_marts, 0)
    and coalesce(broken_files.broken, 0) = 0 as balanced,
from {{ totals }} as totals
left join counted
    on totals.destination = counted.destination
left join landed_without_candidate
    on totals.destination = landed_without_candidate.destination
left join enrolled_without_candidate
    on totals.destination = enrolled_without_candidate.destination
left join broken_files
    on totals.destination = broken_files.destination
order by totals.destination
{% endmacro %}
