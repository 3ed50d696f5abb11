with source as (
    select * from {{ source('published', 'candidates') }}
),

renamed as (
    select
        destination,
        dataset,
        source_key,
        source,
        entity,
        entity_key,
        part,
        event_kind,
        event_name,
        event_id,
        verdict,
        reasons,
        value,
        currency,
        payload_digest,
        occurred_at,
        committed_at,
        landed_at,
        expires_at,
        build_seq,
        built_at,
        removed
    from source
)

select * from renamed
