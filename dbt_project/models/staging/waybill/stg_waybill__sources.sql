with source as (
    select * from {{ source('waybill', 'sources') }}
),

renamed as (
    select
        source as source_name,
        date_order,
        default_country
    from source
)

select * from renamed
