{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong('fn', normalize_fn('cases.input')) }}
