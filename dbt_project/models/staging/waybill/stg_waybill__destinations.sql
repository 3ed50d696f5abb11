with source as (
    select * from {{ source('waybill', 'destinations') }}
),

renamed as (
    select
        destination,
        setup,
        start_at
    from source
)

select * from renamed
