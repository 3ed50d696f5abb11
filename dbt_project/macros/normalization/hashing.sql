{#
    Some sources hold values that were hashed before they came. A SHA-256 passes: its hex in lower case, a parameter
    builder's suffix byte for byte. An MD5 is dropped, because platforms match SHA-256 only.
#}
{% macro unless_hashed(value, normalized) -%}
    case
        when length({{ value }}) >= 64 and {{ waybill.is_sha256(waybill.trimmed(value)) }}
            then lower(left({{ waybill.trimmed(value) }}, 64)) || substr({{ waybill.trimmed(value) }}, 65)
        when length({{ value }}) >= 32 and regexp_matches({{ waybill.trimmed(value) }}, '^[0-9A-Fa-f]{32}$') then null
        else {{ normalized }}
    end
{%- endmacro %}

{% macro is_sha256(value) -%}
    regexp_matches({{ value }}, '^[0-9A-Fa-f]{64}(\.[A-Za-z0-9_-]{8}|\.[A-Za-z]{2})?$')
{%- endmacro %}

{# The hash of a normalised value: unsalted SHA-256, or the value itself where it came hashed. #}
{% macro hash_identifier(normalized) -%}
    case
        when length({{ normalized }}) >= 64 and {{ waybill.is_sha256(normalized) }} then {{ normalized }}
        else {{ waybill.sha256_hex(normalized) }}
    end
{%- endmacro %}

{# Whether somebody wrote that there is nothing to write (n/a, null, -, unknown): see the seed placeholders. #}
{% macro is_placeholder(value) -%}
    (lower({{ waybill.trimmed(value) }}) in (select placeholder from {{ ref('placeholders') }}))
{%- endmacro %}
