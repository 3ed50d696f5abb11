{#
    A pre-hook for models that are appended to: takes out every row of the entities that this build computes again, in
    the same transaction, so that a candidate which no longer exists is gone. An entity always keeps a candidate, so
    int_candidates names them all.
#}
{% macro delete_affected() -%}
    {%- set candidates = ref('int_candidates') -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where (source, entity, entity_key) in (
        select candidates.source, candidates.entity, candidates.entity_key from {{ candidates }} as candidates
    )
    {%- endif -%}
{%- endmacro %}
