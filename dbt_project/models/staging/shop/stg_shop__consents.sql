with source as (
    select * from {{ source('shop', 'consents') }}
),

renamed as (
    select
        -- ids
        consent_id,
        lower(trim(subject_type)) as subject_type,
        subject_id,

        -- strings
        lower(trim(purpose)) as purpose,
        lower(trim(decision)) as decision,
        lower(trim(basis)) as basis,

        -- timestamps
        decided_at,
        updated_at,

        -- landing
        filename as _landing_file,
        _run_id,
        _extracted_at
    from source
)

select * from renamed
