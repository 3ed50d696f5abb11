{{ config(tags=['macro_cases']) }}

{%- set as_of = "timestamptz '2026-11-20 12:00:00+00'" -%}

{{ identifier_cases_gone_wrong('db', normalize_db('cases.input', as_of, date_order='cases.date_order')) }}
