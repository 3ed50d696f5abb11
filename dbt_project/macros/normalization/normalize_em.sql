{#
    E-mail: composed (NFC), trimmed and lower case, nothing else (no dot or +tag is removed); dropped when it cannot be an
    address: one @, something before it, a domain with a dot behind it, nothing that an address has only inside quotes.
#}
{% macro normalize_em(value) -%}
    {{ return(adapter.dispatch('normalize_em', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_em(value) -%}
    {{ waybill.address_lowered_by(waybill.lowered, value) }}
{%- endmacro %}

{% macro address_lowered_by(lowered, value) -%}
    {%- set address = waybill.trimmed(value) -%}
    {%- set blank = waybill.blank_points() | trim -%}
    {%- set normalized -%}
    case
        when
            (length({{ value }}) <= 254 or length({{ address }}) <= 254)
            and regexp_matches(
                {{ value }},
                '^[{{ blank }}]*[^@<>()\[\],;:"\\{{ blank }}]+@[^@.<>()\[\],;:"\\{{ blank }}]+'
                || '(\.[^@.<>()\[\],;:"\\{{ blank }}]+)+[{{ blank }}]*$'
            )
            then {{ lowered(waybill.composed(address), made_of=value) }}
    end
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}

{#
    Where a field holds several addresses, separated by a comma, a semicolon, a bar or blanks: the first that is one, and
    the others as a list. `normalize_em` reads a field as one address, so that of such a field is null.
#}
{% macro other_addresses(value) -%}
    {{ return(adapter.dispatch('other_addresses', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__other_addresses(value) -%}
    {%- set separators = '[,;|' ~ waybill.blank_points() | trim ~ ']+' -%}
    case
        when not regexp_matches({{ value }}, '@.*{{ separators }}.*@') then null
        {#- DuckDB reads a lambda's regular expressions anew for every 2048 rows, and those of lowered() are large. -#}
        {%- for lowered in (waybill.lowered, waybill.lowered_without_help) %}
        {{ 'when ' ~ waybill.is_lowered_with_help(value) ~ ' then' if loop.first else 'else' }} list_filter(
            list_transform(
                regexp_split_to_array({{ value }}, '{{ separators }}'),
                lambda address: {{ waybill.address_lowered_by(lowered, 'address') }}
            ),
            lambda address: address is not null
        )
        {%- endfor %}
    end
{%- endmacro %}
