{{ config(tags=['macro_cases']) }}

{%- set result -%}
    case
        when cases.second_input is null then {{ event_id('purchase', ['cases.input']) }}
        else {{ event_id('purchase', ['cases.input', 'cases.second_input']) }}
    end
{%- endset %}

{{ text_cases_gone_wrong('event_id', result) }}
