{#
    Text, where engines differ. Each macro takes an SQL expression and gives one; another engine adds its own
    <adapter>__ twin here and nothing else changes.
#}

{#
    The characters that say nothing about who somebody is: punctuation, symbols, spaces and everything invisible
    (control, zero-width, soft hyphen, direction marks), as the inside of a regular expression's [].
    DuckDB's RE2 knows Unicode classes; an engine that does not (PostgreSQL) needs code-point ranges here.
#}
{% macro noise_characters() -%}
    {{ return(adapter.dispatch('noise_characters', 'waybill')()) }}
{%- endmacro %}

{% macro default__noise_characters() -%}
\p{P}\p{S}\p{Z}\p{C}
{%- endmacro %}

{# What trimming removes: Unicode spaces and everything invisible. #}
{% macro blank_characters() -%}
    {{ return(adapter.dispatch('blank_characters', 'waybill')()) }}
{%- endmacro %}

{% macro default__blank_characters() -%}
\p{Z}\p{C}
{%- endmacro %}

{# The value without any noise character. #}
{% macro without_noise(value) -%}
    {{ return(adapter.dispatch('without_noise', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__without_noise(value) -%}
    regexp_replace({{ value }}, '[{{ waybill.noise_characters() | trim }}]+', '', 'g')
{%- endmacro %}

{# The value without blank characters at its ends. #}
{% macro trimmed(value) -%}
    {{ return(adapter.dispatch('trimmed', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__trimmed(value) -%}
    {%- set blank = waybill.blank_characters() | trim -%}
    regexp_replace({{ value }}, '^[{{ blank }}]+|[{{ blank }}]+$', '', 'g')
{%- endmacro %}

{#
    Lower case by Unicode's full mapping, the same on every engine: DuckDB's lower() maps one character to one, so the
    dotted capital I and the final sigma need help.
#}
{% macro lowered(value) -%}
    {{ return(adapter.dispatch('lowered', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__lowered(value) -%}
    lower(
        case
            when contains({{ value }}, 'Σ') or contains({{ value }}, 'İ')
                then replace(
                    regexp_replace({{ value }}, '(\p{L}\p{M}*)Σ([^\p{L}]|$)', '\1ς\2', 'g'),
                    'İ', 'i' || chr(775)
                )
            else {{ value }}
        end
    )
{%- endmacro %}

{# Unicode's composed form (NFC), so that é is é however it was typed. #}
{% macro composed(value) -%}
    {{ return(adapter.dispatch('composed', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__composed(value) -%}
    nfc_normalize({{ value }})
{%- endmacro %}

{# SHA-256 of the UTF-8 bytes, as lower-case hex. #}
{% macro sha256_hex(value) -%}
    {{ return(adapter.dispatch('sha256_hex', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__sha256_hex(value) -%}
    sha256({{ value }})
{%- endmacro %}

{% macro postgres__sha256_hex(value) -%}
    encode(sha256(convert_to({{ value }}, 'UTF8')), 'hex')
{%- endmacro %}
