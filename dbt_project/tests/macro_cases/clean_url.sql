{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('clean_url', clean_url('cases.input')) }}
