with source as (
    select * from {{ source('published', 'delivery_keys') }}
),

renamed as (
    select
        file_id,
        row_number,
        destination,
        dataset,
        event_kind,
        event_name,
        source_key,
        event_id,
        value,
        currency,
        payload_digest,
        occurred_at,
        committed_at,
        landed_at,
        frozen_at,
        expires_at
    from source
)

select * from renamed
