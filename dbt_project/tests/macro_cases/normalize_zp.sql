{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong('zp', normalize_zp('cases.input', country='cases.country')) }}
