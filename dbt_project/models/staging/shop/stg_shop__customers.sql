with source as (
    select * from {{ source('shop', 'customers') }}
),

renamed as (
    select
        -- ids
        {{ hidden_key('customer_id') }} as customer_id,

        -- contact data
        customer_id as external_id,
        email,
        phone,
        first_name,
        last_name,
        gender,
        birth_date,
        city,
        state,
        postal_code,
        country,

        -- timestamps
        created_at,
        updated_at,

        -- landing
        filename as _landing_file,
        _run_id,
        _extracted_at
    from source
)

select * from renamed
