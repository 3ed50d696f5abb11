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
    digits; digits, blanks and dashes of any script. Digits alone are order numbers; a name cannot be told from any other
    word. Around a number with a plus may stand anything but a digit (`tel_+44…_1`). One without is told by its ends too:
    groups behind a letter or a dash are an article's number, and 0815-123456 beside an underscore is none either.
#}
{% macro looks_like_contact_data(value) -%}
    {%- set gap = '[\\t\\p{Zs}\\p{Pd}\\p{Cf}−().·•（）．／/]{0,4}' -%}
    (
        {{ waybill.has_at_sign(value) }}
        or regexp_matches(
            {{ value }},
            '(^|\P{Nd})([+＋﹢]|%2[Bb])[\p{Zs}\p{Cf}]?[^\P{Nd}0]({{ gap }}\p{Nd}){7,14}(\P{Nd}|$)'
            || '|(^|[^\p{Nd}A-Za-z_.-])00[ ]?[1-9]({{ gap }}\p{Nd}){7,14}([^\p{Nd}A-Za-z_]|$)'
        )
        or regexp_matches(
            {{ value }},
            '(^|[^\p{Nd}A-Za-z.-])(\([2-9]\p{Nd}{2}\)\p{Zs}?|[2-9]\p{Nd}{2}[.\p{Zs}\p{Pd}])\p{Nd}{3}[.\p{Zs}\p{Pd}]\p{Nd}{4}'
            || '([^\p{Nd}A-Za-z.-]|$)'
            || '|(^|[^\p{Nd}A-Za-z.-])(0[1-9]\p{Nd}{1,3}[\p{Zs}/]\p{Nd}{6,8}|0[1-9]\p{Nd}{1,3}\p{Zs}\p{Nd}{3,4}\p{Zs}\p{Nd}{3,5}'
            || '|0[1-9](\p{Zs}\p{Nd}{2}){4})([^\p{Nd}A-Za-z.-]|$)'
            || '|(^|[^\p{Nd}A-Za-z_.-])0[1-9]\p{Nd}{1,3}\p{Pd}\p{Nd}{6,8}([^\p{Nd}A-Za-z_.-]|$)'
        )
    )
{%- endmacro %}

{% macro has_at_sign(value) -%}
    regexp_matches({{ value }}, '[@＠﹫]|%(25)*40')
{%- endmacro %}
