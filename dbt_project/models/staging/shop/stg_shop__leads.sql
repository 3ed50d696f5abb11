with source as (
    select * from {{ source('shop', 'leads') }}
),

renamed as (
    select
        -- ids
        {{ hidden_key('lead_id') }} as lead_id,

        -- strings
        {{ without_contact_data('form_name') }} as form_name,
        lower(trim({{ without_contact_data('status') }})) as lead_status,
        upper(nullif(trim({{ without_contact_data('currency') }}), '')) as currency,

        -- contact data
        email,
        phone,
        first_name,
        last_name,
        city,
        state,
        postal_code,
        country,

        -- numerics
        estimated_value,

        -- booleans
        coalesce(is_test, false) as is_test,

        -- timestamps
        submitted_at,
        updated_at,

        -- landing
        filename as _landing_file,
        _run_id,
        _extracted_at
    from source
)

select * from renamed
