with source as (
    select * from {{ source('published', 'candidates_total') }}
),

renamed as (
    select
        destination,
        candidates
    from source
)

select * from renamed
