{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong('fbclid_of_url', "nullif(" ~ fbclid_of_url('cases.input') ~ ", '')") }}
