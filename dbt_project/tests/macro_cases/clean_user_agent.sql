{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('clean_user_agent', clean_user_agent('cases.input')) }}
