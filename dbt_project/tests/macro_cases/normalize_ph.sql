{{ config(tags=['macro_cases']) }}

with cases as (
    select
        input as phone,
        country,
        expected,
        expected_sha256
    from {{ ref('identifier_cases') }}
    where field = 'ph'
),

phones as (
    {{ phones_of('cases') }}
),

hashed as (
    select
        cases.*,
        phones.ph,
        {{ hash_identifier('phones.ph') }} as sha256
    from cases
    left join phones
        on
            cases.phone = phones.phone
            and cases.country is not distinct from phones.country
)

select *
from hashed
where
    ph is distinct from expected
    or sha256 is distinct from expected_sha256
