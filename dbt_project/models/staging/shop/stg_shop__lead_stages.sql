with source as (
    select * from {{ source('shop', 'lead_stages') }}
),

renamed as (
    select
        -- ids
        change_id,
        lead_id,
        trim(meta_lead_id) as meta_lead_id,

        -- strings
        nullif(trim(crm_name), '') as crm_name,
        nullif(trim(stage), '') as stage,
        upper(nullif(trim(currency), '')) as currency,

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
