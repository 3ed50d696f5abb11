{{ config(tags=['macro_cases']) }}

{{ identifier_cases_gone_wrong(
    'ph',
    normalize_ph(
        'cases.input',
        calling_code='countries.calling_code',
        trunk_prefix='countries.trunk_prefix',
        shortest='countries.national_length_min',
        longest='countries.national_length_max',
    )
) }}
