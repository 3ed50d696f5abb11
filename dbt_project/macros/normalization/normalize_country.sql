{#
    Country: ISO 3166-1 alpha-2 in lower case, by a table of names and codes (seed country_aliases); never cut, never guessed.
#}
{% macro normalize_country(value) -%}
    {{ return(adapter.dispatch('normalize_country', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_country(value) -%}
    {%- set normalized -%}
    case
        when not {{ waybill.is_placeholder(value) }}
            then (
                select country_aliases.country_code
                from {{ ref('country_aliases') }} as country_aliases
                where country_aliases.alias = {{ waybill.key_of_words(value) }}
            )
    end
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
