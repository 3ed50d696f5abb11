{#
    Birth date: YYYYMMDD. Reads 1997-02-16 (also with a time behind it), 19970216, 1997年2月16日, and 2/16/1997 in the order
    that is told; the other order where the told one gives no day; the month first where none is told. Digits of every
    script count. Dropped when it is anything else, has no century, is no real day, lies before 1900 or after the day it
    was landed.

    as_of       the moment that no birth can be later than; not now(), so that a verdict does not depend on when it is made
    date_order  'mdy', 'dmy' or null, of the source
#}
{% macro normalize_db(value, as_of, date_order='null') -%}
    {{ return(adapter.dispatch('normalize_db', 'waybill')(value, as_of, date_order)) }}
{%- endmacro %}

{% macro default__normalize_db(value, as_of, date_order) -%}
    {%- set blank = waybill.blank_points() | trim -%}
    {%- set written -%}
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace({{ waybill.trimmed(waybill.ascii_digits(value)) }}, '[年년月월][{{ blank }}]*', '-', 'g'),
                '[日일]$', ''
            ),
            '[{{ blank }}]*([./‐‑–−-])[{{ blank }}]*', '-', 'g'
        ),
        '([0-9])([T{{ blank }}]+[0-9]{1,2}:[0-9]{2}.*|-)$', '\1'
    )
    {%- endset -%}
    {%- set month_first = "try_cast(regexp_replace(written, '^([0-9]+)-([0-9]+)-([0-9]+)$', '\\3-\\1-\\2') as date)" -%}
    {%- set day_first = "try_cast(regexp_replace(written, '^([0-9]+)-([0-9]+)-([0-9]+)$', '\\3-\\2-\\1') as date)" -%}
    {%- set day -%}
    case
        when regexp_matches(written, '^[0-9]{8}$')
            then try_cast(regexp_replace(written, '^(\d{4})(\d{2})(\d{2})$', '\1-\2-\3') as date)
        when regexp_matches(written, '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$') then try_cast(written as date)
        when regexp_matches(written, '^[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}$')
            then case
                when {{ date_order }} = 'dmy' then coalesce({{ day_first }}, {{ month_first }})
                else coalesce({{ month_first }}, {{ day_first }})
            end
    end
    {%- endset -%}
    {#- Each step gives a name to what the step before found, so that it is worked out once. -#}
    {%- set normalized -%}
    list_transform(
        list_transform([{{ written }}], lambda written: {{ day }}),
        lambda day: case
            when day between date '1900-01-01' and cast({{ as_of }} as date) then strftime(day, '%Y%m%d')
        end
    )[1]
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
