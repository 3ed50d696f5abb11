with source as (
    select * from {{ source('shop', 'consents') }}
),

renamed as (
    select
        -- ids
        {{ hidden_key('consent_id') }} as consent_id,
        lower(trim({{ without_contact_data('subject_type') }})) as subject_type,
        {{ hidden_key('subject_id') }} as subject_id,

        -- strings
        lower(trim({{ without_contact_data('purpose') }})) as purpose,
        lower(trim({{ without_contact_data('decision') }})) as decision,
        lower(trim({{ without_contact_data('basis') }})) as basis,

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
