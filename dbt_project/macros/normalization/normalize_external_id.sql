{#
    External id: the shop's own id of a person, trimmed, otherwise as it is; it must equal what the browser sends. Unlike
    contact data it may look like an MD5 (a UUID without dashes) and is kept; a SHA-256 passes as anywhere. Dropped when it
    names nobody: a placeholder, or the 0 that shops give their guests.
#}
{% macro normalize_external_id(value) -%}
    {{ return(adapter.dispatch('normalize_external_id', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_external_id(value) -%}
    {%- set blank = waybill.blank_points() | trim -%}
    case
        when length({{ value }}) >= 64 and {{ waybill.is_sha256(waybill.trimmed(value)) }}
            then {{ waybill.passed_through(value) }}
        when {{ waybill.is_placeholder(value) }} or regexp_matches({{ value }}, '^[{{ blank }}]*0*[{{ blank }}]*$') then null
        else {{ waybill.trimmed(value) }}
    end
{%- endmacro %}
