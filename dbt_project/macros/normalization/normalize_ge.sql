{#
    Gender: f or m, by the words of the main languages (seed gender_words); dropped when it says anything else. Titles
    are not read, and of single letters only f and m.
#}
{% macro normalize_ge(value) -%}
    {{ return(adapter.dispatch('normalize_ge', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_ge(value) -%}
    {%- set normalized -%}
    (
        select gender_words.gender
        from {{ ref('gender_words') }} as gender_words
        where gender_words.word = {{ waybill.key_of_words(value) }}
    )
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
