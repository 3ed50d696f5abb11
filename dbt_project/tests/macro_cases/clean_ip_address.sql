{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('clean_ip_address', clean_ip_address('cases.input')) }}
