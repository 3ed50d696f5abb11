-- No candidate is forgotten on the way to a destination, and none is there twice.

select
    candidates.source_key,
    candidates.event_kind,
    count(meta_events.source_key) as rows_for_meta
from {{ ref('fct_conversion_candidates') }} as candidates
left join {{ ref('meta_events') }} as meta_events
    on
        candidates.source_key = meta_events.source_key
        and candidates.event_kind = meta_events.event_kind
group by candidates.source_key, candidates.event_kind
having count(meta_events.source_key) <> 1
