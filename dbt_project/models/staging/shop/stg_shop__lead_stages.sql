with source as (
    select * from {{ source('shop', 'lead_stages') }}
),

renamed as (
    select
        -- ids
        {{ hidden_key('change_id') }} as change_id,
        {{ hidden_key('lead_id') }} as lead_id,
        trim({{ without_contact_data('meta_lead_id') }}) as meta_lead_id,

        -- strings
        nullif(trim({{ without_contact_data('crm_name') }}), '') as crm_name,
        nullif(trim({{ without_contact_data('stage') }}), '') as stage,
        upper(nullif(trim({{ without_contact_data('currency') }}), '')) as currency,

        -- numerics
        stage_value,

        -- booleans
        coalesce(is_test, false) as is_test,

        -- timestamps
        changed_at,
        updated_at,

        -- landing
        filename as _landing_file,
        _run_id,
        _extracted_at
    from source
)

select * from renamed
