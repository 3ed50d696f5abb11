{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong('country', normalize_country('cases.input')) }}
