{#
    City: see normalize_words; dropped when it has no letter (somebody wrote a postal code into it).
#}
{% macro normalize_ct(value) -%}
    {{ return(adapter.dispatch('normalize_ct', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_ct(value) -%}
    {%- set normalized -%}
    case
        when regexp_matches({{ value }}, '\p{L}') then {{ waybill.normalize_words(value) }}
    end
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
