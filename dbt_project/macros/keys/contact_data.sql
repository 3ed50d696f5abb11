{#
    Keys and words of the shop (an order number, a stage, a currency) go through the whole pipeline, so none may be
    somebody's address. Staging passes them through these; columns that hold contact data go to int_identities_latest.
#}

{#
    A row's key as it goes on from staging: itself, or, where it looks like an e-mail address or a phone number, a name
    made from it. Equal keys have equal names, so joins hold. The hash is one of a text that nobody else hashes: it is not
    the one under which the address itself is known to platforms.
#}
{% macro hidden_key(value) -%}
    case
        when {{ waybill.looks_like_contact_data(value) }}
            then 'hidden_' || left({{ waybill.sha256_hex("'a key of waybill: ' || " ~ value) }}, 32)
        else {{ value }}
    end
{%- endmacro %}

{% macro is_hidden_key(value) -%}
    regexp_matches({{ value }}, '^hidden_[0-9a-f]{32}$')
{%- endmacro %}

{# A word of the shop, or null where it looks like an e-mail address or a phone number: nobody can act on such a word. #}
{% macro without_contact_data(value) -%}
    case when not {{ waybill.looks_like_contact_data(value) }} then {{ value }} end
{%- endmacro %}

{#
    An @ in any disguise, or what is written as a phone number: a plus or 00 and 8 to 15 digits, or the usual groups of
    digits. Digits alone are order numbers; a name cannot be told from any other word.
#}
{% macro looks_like_contact_data(value) -%}
    (
        {{ waybill.has_at_sign(value) }}
        or regexp_matches({{ value }}, '(^|[^0-9A-Za-z_.-])(\+|%2[Bb]|00)[ ]?[1-9]([ ()./-]{0,3}[0-9]){7,14}([^0-9A-Za-z_]|$)')
        or regexp_matches(
            {{ value }},
            '(^|[^0-9A-Za-z_.-])(\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}([^0-9A-Za-z_.-]|$)'
            || '|(^|[^0-9A-Za-z_.-])(0[1-9][0-9]{1,3}[ /-][0-9]{6,8}|0[1-9][0-9]{1,3} [0-9]{3,4} [0-9]{3,5}'
            || '|0[1-9]( [0-9]{2}){4})([^0-9A-Za-z_.-]|$)'
        )
    )
{%- endmacro %}

{% macro has_at_sign(value) -%}
    regexp_matches({{ value }}, '[@＠﹫]|%(25)*40')
{%- endmacro %}
