{#
    State or region: see normalize_words. In the United States, and where the country is unknown, a state's name becomes
    its two-letter code; elsewhere the name stays, and nothing is ever cut.

    country  ISO 3166-1 alpha-2 in lower case, or null
#}
{% macro normalize_st(value, country) -%}
    {{ return(adapter.dispatch('normalize_st', 'waybill')(value, country)) }}
{%- endmacro %}

{% macro default__normalize_st(value, country) -%}
    {%- set normalized -%}
    coalesce(
        case
            when {{ country }} is null or {{ country }} = 'us'
                then (
                    select us_states.state_code
                    from {{ ref('us_states') }} as us_states
                    where us_states.state_key = {{ waybill.key_of_words(value) }}
                )
        end,
        {{ waybill.normalize_words(value) }}
    )
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
