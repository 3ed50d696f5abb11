with source as (
    select * from {{ source('seen', 'seen_files') }}
),

renamed as (
    select
        source as source_name,
        table_name,
        file as file_path
    from source
)

select * from renamed
