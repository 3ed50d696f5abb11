{#
    E-mail: trimmed and lower case, nothing else (no dot or +tag is removed); dropped when it cannot be an address.
#}
{% macro normalize_em(value) -%}
    {{ return(adapter.dispatch('normalize_em', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_em(value) -%}
    {%- set address = waybill.trimmed(value) -%}
    {%- set blank = waybill.blank_characters() | trim -%}
    {%- set normalized -%}
    case
        when
            length({{ address }}) <= 254
            and regexp_matches({{ address }}, '^[^@{{ blank }}]+@[^@.{{ blank }}]+(\.[^@.{{ blank }}]+)+$')
            then {{ waybill.lowered(address) }}
    end
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
