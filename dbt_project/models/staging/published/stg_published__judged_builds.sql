with source as (
    select * from {{ source('published', 'gate_files') }}
),

renamed as (
    select
        parse_filename(parse_path(file)[-2]) as destination,
        parse_filename(file, true) as build_id
    from source
)

select * from renamed
