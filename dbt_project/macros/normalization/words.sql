{#
    What names, cities and states have in common: composed (NFC), lower case, without punctuation, symbols, spaces and
    invisible characters; dropped when nothing is left or when it is a placeholder. Every script is kept.
#}
{% macro normalize_words(value) -%}
    case
        when not {{ waybill.is_placeholder(value) }}
            then {{ waybill.null_if_empty(waybill.key_of_words(value)) }}
    end
{%- endmacro %}

{# The same without the rules on what is dropped: how the seeds spell what they are looked up by. #}
{% macro key_of_words(value) -%}
    {{ waybill.lowered(waybill.without_noise(waybill.composed(value)), made_of=value) }}
{%- endmacro %}
