{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('hidden_key', hidden_key('cases.input')) }}
