with source as (
    select * from {{ source('published', 'ledger_attempts') }}
),

renamed as (
    select
        attempt_id,
        batch_id,
        outcome,
        http_status,
        code,
        subcode,
        trace_id,
        reason,
        events_received,
        duration_ms,
        request_bytes,
        started_at,
        ended_at
    from source
)

select * from renamed
