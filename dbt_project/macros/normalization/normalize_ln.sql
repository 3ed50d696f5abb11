{#
    Last name: see normalize_words.
#}
{% macro normalize_ln(value) -%}
    {{ return(adapter.dispatch('normalize_ln', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_ln(value) -%}
    {%- set normalized -%}
    {{ waybill.normalize_words(value) }}
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
