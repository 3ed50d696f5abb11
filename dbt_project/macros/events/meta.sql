{#
    Meta's rule on customer information (since v13): an event whose identifiers all belong to one of these sets, or that
    has none, is refused, and the whole request with it (subcode 2804050). Takes the names of the columns.
#}
{% macro is_below_meta_baseline(identifiers) -%}
    {%- set too_broad = [
        ['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent'],
        ['db', 'client_user_agent'],
        ['fn', 'ge'],
        ['ln', 'ge'],
    ] -%}
    (
    {%- for allowed in too_broad %}
        {{ 'or ' if not loop.first }}({{ identifiers | reject('in', allowed) | join(' is null and ') }} is null)
    {%- endfor %}
    )
{%- endmacro %}

{# How old an event Meta takes, by where it happened. #}
{% macro meta_window(action_source) -%}
    case when {{ action_source }} = 'physical_store' then interval '62 days' else interval '7 days' end
{%- endmacro %}
