{{ config(tags=['macro_cases']) }}

{{ text_cases_gone_wrong(
    'clean_fbc',
    clean_fbc('cases.input', 'cases.second_input', "timestamptz '2026-11-20 09:00:00+00'")
) }}
