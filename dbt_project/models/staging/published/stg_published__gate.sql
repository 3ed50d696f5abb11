with source as (
    select * from {{ source('published', 'gate') }}
),

renamed as (
    select
        destination,
        file_id,
        build_id,
        row_number,
        dataset,
        event_kind,
        event_name,
        source_key,
        event_id,
        payload_digest,
        state,
        reasons,
        suite_version,
        value,
        currency,
        first_seen,
        judged_at
    from source
)

select * from renamed
