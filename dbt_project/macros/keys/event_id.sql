{#
    The event_id we make when the browser captured none, from immutable business keys only: purchase_<order_id>,
    purchase_<order_id>_<line>, lead_<lead_id>.

    It is injective: one kind of event has one shape, and the line, which is last, is a number. An id that would be
    longer than 64 characters (code points) is <prefix>_ and the first 48 hex digits of the SHA-256 of the id it would
    have been. The documented browser snippet (docs/browser) makes the same; a test in a JavaScript engine compares them.
#}
{% macro event_id(prefix, keys) -%}
    {%- set id = "'" ~ prefix ~ "_' || " ~ (keys | join(" || '_' || ")) -%}
    case
        when length({{ id }}) <= 64 then {{ id }}
        else '{{ prefix }}_' || left({{ waybill.sha256_hex(id) }}, 48)
    end
{%- endmacro %}

{#
    An event_id that the browser captured, when it is one we can use: at most 64 characters, none of them blank, a quote,
    a backslash, an angle bracket or an @ (the id would be an address); else null.
#}
{% macro captured_event_id(value) -%}
    case
        when regexp_matches({{ value }}, '^[^@＠﹫"''\\<>{{ waybill.blank_points() | trim }}]{1,64}$') then {{ value }}
    end
{%- endmacro %}
