with source as (
    select * from {{ source('waybill', 'build') }}
),

renamed as (
    select
        build_id,
        build_seq,
        last_good_build_seq,
        built_at
    from source
)

select * from renamed
