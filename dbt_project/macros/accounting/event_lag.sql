{#
    How long each event has taken, stage by stage: one row per event that was accepted or is still open.

    source: it happened -> the warehouse had it; extract: -> landed; build: -> frozen in a delta file; queue: -> claimed;
    delivery: -> accepted. A stage that is still running counts up to `now`; a stage not yet begun is null.
    Seconds, never below zero: clocks of different machines disagree by a little.
#}
{% macro event_lag(candidates, gate, judged, keys, batches, exceptions, now) %}
with {{ placed_candidates_ctes(candidates, gate, judged, keys, batches, exceptions) }},

followed as (
    select
        placed_candidates.*,
        placed_candidates.state in ('pending', 'gated', 'sending', 'unknown') as is_open,
        cast(batches.claimed_at as timestamptz) as claimed_at,
        case when placed_candidates.state = 'accepted' then cast(batches.settled_at as timestamptz) end as accepted_at,
        cast({{ now }} as timestamptz) as judged_at,
    from placed_candidates
    left join {{ batches }} as batches
        on placed_candidates.batch_id = batches.batch_id
    -- What was erased is counted in the balance, but its times are kept to the day only.
    where
        placed_candidates.state in ('pending', 'gated', 'sending', 'unknown', 'accepted')
        and placed_candidates.source <> 'erased'
)

select
    destination,
    event_kind,
    event_name,
    source_key,
    event_id,
    state,
    is_open,
    occurred_at,
    committed_at,
    landed_at,
    frozen_at,
    claimed_at,
    accepted_at,
    expires_at,
    {% for stage, begun, ended in [
        ('source', 'occurred_at', 'committed_at'),
        ('extract', 'committed_at', 'landed_at'),
        ('build', 'landed_at', 'frozen_at'),
        ('queue', 'frozen_at', 'claimed_at'),
        ('delivery', 'claimed_at', 'accepted_at'),
        ('total', 'occurred_at', 'accepted_at'),
    ] -%}
    greatest(0, epoch(coalesce({{ ended }}, judged_at)) - epoch({{ begun }})) as {{ stage }}_seconds,
    {% endfor -%}
from followed
{% endmacro %}
