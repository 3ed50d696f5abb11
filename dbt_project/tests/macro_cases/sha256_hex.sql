{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('sha256_hex', sha256_hex('cases.input')) }}
