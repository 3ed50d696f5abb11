{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong('external_id', normalize_external_id('cases.input')) }}
