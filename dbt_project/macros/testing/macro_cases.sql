{# The cases of one identifier (seed identifier_cases) that a normalising macro, and the hash after it, get wrong. #}
{% macro identifier_cases_gone_wrong(field, normalized) -%}
    with cases as (
        select
            cases.input,
            cases.country,
            cases.date_order,
            cases.expected,
            cases.expected_sha256,
            {{ normalized }} as normalized
        from {{ ref('identifier_cases') }} as cases
        where cases.field = '{{ field }}'
    ),

    hashed as (
        select
            *,
            {{ waybill.hash_identifier('normalized') }} as sha256
        from cases
    )

    select *
    from hashed
    where
        normalized is distinct from expected
        or sha256 is distinct from expected_sha256
{%- endmacro %}

{# The cases of one macro (seed text_cases) that it gets wrong; `result` is the macro over cases.input and cases.second_input. #}
{% macro text_cases_gone_wrong(macro_name, result) -%}
    select
        cases.*,
        {{ result }} as result
    from {{ ref('text_cases') }} as cases
    where
        cases.macro = '{{ macro_name }}'
        and ({{ result }}) is distinct from cases.expected
{%- endmacro %}
