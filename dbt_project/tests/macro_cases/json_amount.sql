{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong(
    'json_amount',
    json_amount('try_cast(cases.input as decimal(18, 4))', 'try_cast(cases.second_input as integer)')
) }}
