{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('clean_lead_id', clean_lead_id('cases.input')) }}
