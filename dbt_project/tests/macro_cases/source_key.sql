{{ config(tags=['macro_cases']) }}

{%- set result -%}
    case
        when cases.second_input is null then {{ source_key('shop', 'orders', 'cases.input') }}
        else {{ source_key('shop', 'orders', 'cases.input', part='cases.second_input') }}
    end
{%- endset %}

{{ text_cases_gone_wrong('source_key', result) }}
