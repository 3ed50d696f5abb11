{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong('st', normalize_st('cases.input', country='cases.country')) }}
