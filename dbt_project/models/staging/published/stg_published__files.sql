with source as (
    select * from {{ source('published', 'ledger_files') }}
),

renamed as (
    select
        file_id,
        destination,
        build_id,
        path,
        sha256,
        rows,
        enrolled_rows,
        quarantined_rows,
        after_file_id,
        suite_version,
        frozen_at,
        enrolled_at,
        settled_at
    from source
)

select * from renamed
