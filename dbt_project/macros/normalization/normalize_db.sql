{#
    Birth date: YYYYMMDD. Reads 1997-02-16, 19970216, and 2/16/1997 with the month first unless it cannot be one; dropped
    when it is anything else, no real day, before 1900, or after the day it was landed.

    as_of  the moment that no birth can be later than; not now(), so that a verdict does not depend on when it is made
#}
{% macro normalize_db(value, as_of) -%}
    {{ return(adapter.dispatch('normalize_db', 'waybill')(value, as_of)) }}
{%- endmacro %}

{% macro default__normalize_db(value, as_of) -%}
    {%- set written = waybill.trimmed(value) -%}
    {%- set day -%}
    case
        when regexp_matches({{ written }}, '^\d{8}$')
            then try_cast(regexp_replace({{ written }}, '^(\d{4})(\d{2})(\d{2})$', '\1-\2-\3') as date)
        when regexp_matches({{ written }}, '^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d\d:\d\d.*)?$')
            then try_cast(regexp_replace({{ written }}, '^(\d+).(\d+).(\d+).*$', '\1-\2-\3') as date)
        when regexp_matches({{ written }}, '^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}$')
            then coalesce(
                try_cast(regexp_replace({{ written }}, '^(\d+).(\d+).(\d+)$', '\3-\1-\2') as date),
                try_cast(regexp_replace({{ written }}, '^(\d+).(\d+).(\d+)$', '\3-\2-\1') as date)
            )
    end
    {%- endset -%}
    {%- set normalized -%}
    case
        when {{ day }} between date '1900-01-01' and cast({{ as_of }} as date) then strftime({{ day }}, '%Y%m%d')
    end
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
