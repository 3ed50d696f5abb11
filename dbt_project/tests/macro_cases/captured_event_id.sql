{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('captured_event_id', captured_event_id('cases.input')) }}
