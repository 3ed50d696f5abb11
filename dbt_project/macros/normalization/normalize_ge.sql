{#
    Gender: f or m; dropped when it says anything else.
#}
{% macro normalize_ge(value) -%}
    {{ return(adapter.dispatch('normalize_ge', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_ge(value) -%}
    {%- set normalized -%}
    case
        when lower({{ waybill.trimmed(value) }}) in ('f', 'female', 'woman') then 'f'
        when lower({{ waybill.trimmed(value) }}) in ('m', 'male', 'man') then 'm'
    end
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
