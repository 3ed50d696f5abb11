{#
    Some sources hold values that were hashed before they came. A SHA-256 passes: its hex in lower case, a parameter
    builder's suffix byte for byte. Other digests (MD5, SHA-1, SHA-512) are dropped, because platforms match SHA-256 only,
    and so is the SHA-256 of nothing, which would match everybody who left the field empty.
#}
{% macro unless_hashed(value, normalized) -%}
    case
        when length({{ value }}) >= 64 and {{ waybill.is_sha256(waybill.trimmed(value)) }}
            then {{ waybill.passed_through(value) }}
        when length({{ value }}) >= 32 and {{ waybill.is_other_digest(value) }} then null
        else {{ normalized }}
    end
{%- endmacro %}

{% macro passed_through(value) -%}
    case
        when {{ waybill.is_hash_of_nothing(waybill.trimmed(value)) }} then null
        else lower(left({{ waybill.trimmed(value) }}, 64)) || substr({{ waybill.trimmed(value) }}, 65)
    end
{%- endmacro %}

{% macro is_sha256(value) -%}
    regexp_matches({{ value }}, '^[0-9A-Fa-f]{64}(\.[A-Za-z0-9_-]{8}|\.[A-Za-z]{2})?$')
{%- endmacro %}

{# The hex of an MD5, SHA-1, SHA-224, SHA-384 or SHA-512. #}
{% macro is_other_digest(value) -%}
    regexp_matches(
        {{ waybill.trimmed(value) }},
        '^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{56}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})$'
    )
{%- endmacro %}

{#
    The SHA-256 of what systems write where there is nothing: the empty text, null, n/a and the like. One text is searched,
    because DuckDB makes a join of a list, and then trims every value for it.
#}
{% macro is_hash_of_nothing(digest) -%}
    contains(
        {%- for nothing in [
            '', ' ', '-', '--', '.', '?', '0', 'n/a', 'N/A', 'na', 'NA', 'nan', 'NaN', 'none', 'None', 'NONE', 'nil', 'null', 'Null',
            'NULL', 'undefined', 'unknown', 'Unknown', 'UNKNOWN', 'anonymous', 'false', 'test', '[]', '{}', '""', 'xxx',
        ] %}
        {{ waybill.sha256_hex("'" ~ nothing ~ "'") }}{{ " || ' ' ||" if not loop.last else ',' }}
        {%- endfor %}
        lower(left({{ digest }}, 64))
    )
{%- endmacro %}

{# The hash of a normalised value: unsalted SHA-256, or the value itself where it came hashed. #}
{% macro hash_identifier(normalized) -%}
    case
        when length({{ normalized }}) >= 64 and {{ waybill.is_sha256(normalized) }} then {{ normalized }}
        else {{ waybill.sha256_hex(normalized) }}
    end
{%- endmacro %}

{#
    The hashes of a normalised value and of a list of others, for platforms that take several; each once, sorted, so that
    the same values give the same payload; null where there is none.
#}
{% macro list_of_hashes(normalized, others) -%}
    {{ return(adapter.dispatch('list_of_hashes', 'waybill')(normalized, others)) }}
{%- endmacro %}

{% macro default__list_of_hashes(normalized, others) -%}
    case
        when {{ normalized }} is not null and {{ others }} is null then [{{ waybill.hash_identifier(normalized) }}]
        else nullif(
            list_sort(
                list_distinct(
                    list_transform(
                        list_filter(list_prepend({{ normalized }}, {{ others }}), lambda entry: entry is not null),
                        lambda entry: {{ waybill.hash_identifier('entry') }}
                    )
                )
            ),
            []
        )
    end
{%- endmacro %}

{#
    Whether somebody wrote that there is nothing to write (n/a, null, -, unknown): see the seed placeholders, which has
    them in lower case and without spaces. Nothing but x's says the same.
#}
{% macro is_placeholder(value) -%}
    {%- set blank = waybill.blank_points() | trim -%}
    (
        regexp_replace({{ waybill.lowered(value) }}, '[{{ blank }}]+', '', 'g')
        in (select placeholder from {{ ref('placeholders') }})
        or regexp_matches({{ value }}, '^(([{{ blank }}]*[xX]){2,}|([{{ blank }}]*[-–—_.?*/])+)[{{ blank }}]*$')
    )
{%- endmacro %}
