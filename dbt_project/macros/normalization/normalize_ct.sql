{#
    City: see normalize_words; dropped when it has no letter (somebody wrote a postal code into it).
#}
{% macro normalize_ct(value) -%}
    {{ return(adapter.dispatch('normalize_ct', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_ct(value) -%}
    {%- set normalized -%}
    case
        when regexp_matches({{ value }}, '[{{ waybill.letter_points() | trim }}]') then {{ waybill.normalize_words(value) }}
    end
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}

{#
    A city's other spelling: where it has accents, the one without them (münchen, munchen), because nobody knows which of
    them the platform was told; a list of one, or null.
#}
{% macro other_spelling(normalized) -%}
    {{ return(adapter.dispatch('other_spelling', 'waybill')(normalized)) }}
{%- endmacro %}

{% macro default__other_spelling(normalized) -%}
    case
        when strip_accents({{ normalized }}) <> {{ normalized }} then [strip_accents({{ normalized }})]
    end
{%- endmacro %}
