with source as (
    select * from {{ source('published', 'ledger_batches') }}
),

renamed as (
    select
        batch_id,
        parent_batch_id,
        file_id,
        destination,
        dataset,
        row_ranges,
        events,
        state,
        reason,
        attempts,
        expires_at,
        not_before,
        unknown_since,
        first_attempt_at,
        claimed_at,
        settled_at
    from source
)

select * from renamed
