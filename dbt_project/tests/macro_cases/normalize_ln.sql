{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong('ln', normalize_ln('cases.input')) }}
