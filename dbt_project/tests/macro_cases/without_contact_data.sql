{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('without_contact_data', without_contact_data('cases.input')) }}
