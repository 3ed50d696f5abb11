{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('fbc_in_time', fbc_in_time('cases.input', 'cast(cases.second_input as timestamptz)')) }}
