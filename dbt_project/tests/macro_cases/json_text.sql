{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('json_text', json_text('cases.input')) }}
