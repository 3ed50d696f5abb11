{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('clean_fbp', clean_fbp('cases.input')) }}
