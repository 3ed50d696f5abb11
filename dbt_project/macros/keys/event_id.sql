{#
    The event_id we make when the browser captured none, from immutable business keys only: purchase_<order_id>,
    purchase_<order_id>_<line>, lead_<lead_id>. The documented browser snippet makes the same.

    It is injective: one kind of event has one shape, and the line, which is last, is a number. An id that would be
    longer than 64 characters is <prefix>_ and the first 48 hex digits of the SHA-256 of the id it would have been.
#}
{% macro event_id(prefix, keys) -%}
    {%- set id = "'" ~ prefix ~ "_' || " ~ (keys | join(" || '_' || ")) -%}
    case
        when length({{ id }}) <= 64 then {{ id }}
        else '{{ prefix }}_' || left({{ waybill.sha256_hex(id) }}, 48)
    end
{%- endmacro %}

{# An event_id that the browser captured, when it is one we can use: at most 64 harmless characters, else null. #}
{% macro captured_event_id(value) -%}
    case when regexp_matches({{ value }}, '^[A-Za-z0-9._:-]{1,64}$') then {{ value }} end
{%- endmacro %}
