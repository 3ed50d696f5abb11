with source as (
    select * from {{ source('published', 'delivery_keys') }}
),

-- Folding writes the keys of many delta files into one file long before their own files go: the name that sorts last
-- counts, as waybill.delivery.keyfiles has it.
standing as (
    select *
    from source
    qualify filename = max(filename) over (partition by file_id)
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
    from standing
)

select * from renamed
