{#
    A pre-hook for models that are appended to: takes out every row of the entities that this build computes again, in
    the same transaction, so that a candidate which no longer exists is gone.
#}
{% macro delete_affected() -%}
    {%- set affected_entities = ref('int_affected_entities') -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where (entity, entity_key) in (select affected.entity, affected.entity_key from {{ affected_entities }} as affected)
    {%- endif -%}
{%- endmacro %}
