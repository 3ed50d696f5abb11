{#
    Postal code: lower case, without spaces and dashes; the first five characters in the United States only. Dropped when it
    is nothing but zeros.

    country  ISO 3166-1 alpha-2 in lower case, or null
#}
{% macro normalize_zp(value, country) -%}
    {{ return(adapter.dispatch('normalize_zp', 'waybill')(value, country)) }}
{%- endmacro %}

{% macro default__normalize_zp(value, country) -%}
    {%- set normalized -%}
    list_transform(
        [{{ waybill.normalize_words(value) }}],
        lambda words: case
            when ltrim(words, '0') = '' then null
            when {{ country }} = 'us' then left(words, 5)
            else words
        end
    )[1]
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
