{#
    First name: see normalize_words.
#}
{% macro normalize_fn(value) -%}
    {{ return(adapter.dispatch('normalize_fn', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_fn(value) -%}
    {%- set normalized -%}
    {{ waybill.normalize_words(value) }}
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
