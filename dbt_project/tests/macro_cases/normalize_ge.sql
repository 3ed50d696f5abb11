{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong('ge', normalize_ge('cases.input')) }}
