{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong('ct', normalize_ct('cases.input')) }}
