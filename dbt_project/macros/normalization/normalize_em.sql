{#
    E-mail: composed (NFC), trimmed and lower case, nothing else (no dot or +tag is removed); dropped when it cannot be an
    address: one @, something before it, a domain with a dot behind it, nothing that an address has only inside quotes.
#}
{% macro normalize_em(value) -%}
    {{ return(adapter.dispatch('normalize_em', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__normalize_em(value) -%}
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
            then {{ waybill.lowered(waybill.composed(address), made_of=value) }}
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
        when regexp_matches({{ value }}, '@.*{{ separators }}.*@')
            then list_filter(
                list_transform(
                    regexp_split_to_array({{ value }}, '{{ separators }}'),
                    lambda address: {{ waybill.normalize_em('address') }}
                ),
                lambda address: address is not null
            )
    end
{%- endmacro %}
