{{ config(tags=['macro_cases']) }}

{%- set result = source_key("'shop'", "'orders'", 'cases.input', "coalesce(cases.second_input, '')") -%}

{{ text_cases_gone_wrong('source_key', result) }}
