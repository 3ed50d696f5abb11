with source as (
    select * from {{ source('waybill', 'destinations') }}
),

renamed as (
    select
        destination,
        setup,
        start_at,
        consent_max_age_days
    from source
)

select * from renamed
