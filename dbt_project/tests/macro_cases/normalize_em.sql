{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong('em', normalize_em('cases.input')) }}
