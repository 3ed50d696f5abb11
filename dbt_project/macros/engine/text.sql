{#
    Text, where engines differ. Each macro takes an SQL expression and gives one; another engine adds its own
    <adapter>__ twin here and nothing else changes.
#}

{#
    Characters are named by code points (unicode_ranges.sql), not by Unicode classes: not every engine has those, and an
    engine's Unicode is as old as the engine. Noise is punctuation, symbols, spaces and everything invisible (control,
    zero-width, soft hyphen, direction marks); blank is the latter two.
#}

{# The value without any noise character. #}
{% macro without_noise(value) -%}
    {{ return(adapter.dispatch('without_noise', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__without_noise(value) -%}
    regexp_replace({{ value }}, '[{{ waybill.noise_points() | trim }}]+', '', 'g')
{%- endmacro %}

{# The value without blank characters at its ends. #}
{% macro trimmed(value) -%}
    {{ return(adapter.dispatch('trimmed', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__trimmed(value) -%}
    {%- set blank = waybill.blank_points() | trim -%}
    regexp_replace({{ value }}, '^[{{ blank }}]+|[{{ blank }}]+$', '', 'g')
{%- endmacro %}

{#
    Lower case by Unicode's full mapping, the same on every engine: DuckDB's lower() maps one character to one, so the
    dotted capital I and the final sigma need help. Where the value is computed, `made_of` is the plain text that it is
    computed from, which tells as well whether help is needed and costs nothing to read again.
#}
{% macro lowered(value, made_of=none) -%}
    {{ return(adapter.dispatch('lowered', 'waybill')(value, made_of or value)) }}
{%- endmacro %}

{% macro default__lowered(value, made_of) -%}
    {#- Letters with a case, and what Unicode counts among them: ordinal signs, Roman numerals, letters in circles. -#}
    {%- set cased -%}
    \p{Lu}\p{Ll}\p{Lt}ªº\x{2160}-\x{217F}\x{24B6}-\x{24E9}\x{1F130}-\x{1F149}\x{1F150}-\x{1F169}\x{1F170}-\x{1F189}
    {%- endset -%}
    {%- set ignorable -%}
    \p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}''.:·‘’․‧\x{387}\x{55F}\x{5F4}\x{FE13}\x{FE52}\x{FE55}\x{FF07}\x{FF0E}\x{FF1A}
    {%- endset -%}
    lower(
        case
            when {{ waybill.is_lowered_with_help(made_of) }}
                then replace(
                    regexp_replace(
                        {{ value }},
                        '([{{ cased }}][{{ ignorable }}]*)Σ([{{ ignorable }}]*(?:[^{{ cased }}{{ ignorable }}]|$))',
                        '\1ς\2', 'g'
                    ),
                    'İ', 'i' || chr(775)
                )
            else {{ value }}
        end
    )
{%- endmacro %}

{% macro lowered_without_help(value, made_of=none) -%}
    lower({{ value }})
{%- endmacro %}

{# Whether a text may become one with a character that DuckDB's lower() gets wrong: capital sigma, dotted capital I. #}
{% macro is_lowered_with_help(value) -%}
    (contains({{ value }}, 'Σ') or contains({{ value }}, 'İ') or contains({{ value }}, chr(775)))
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
