{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ delete_affected() }}") }}

with candidates as (
    select * from {{ ref('int_candidates') }}
)

select
    source_key,
    source,
    entity,
    entity_key,
    part,
    event_kind,
    event_name,
    action_source,
    {{ size_of('reasons') }} = 0 as is_conversion,
    reasons,
    occurred_at,
    committed_at,
    landed_at,
    {{ this_build_seq() }} as build_seq
from candidates
