{#
    External id: the shop's own id of a person, trimmed, otherwise as it is; it must equal what the browser sends. Unlike
    contact data it may look like an MD5 (a UUID without dashes) and is kept.
#}
{% macro normalize_external_id(value) -%}
    {{ return(adapter.dispatch('normalize_external_id', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_external_id(value) -%}
    nullif({{ waybill.trimmed(value) }}, '')
{%- endmacro %}
