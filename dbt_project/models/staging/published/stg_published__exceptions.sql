with source as (
    select * from {{ source('published', 'ledger_exceptions') }}
),

renamed as (
    select
        exception_id,
        file_id,
        batch_id,
        attempt_id,
        row_number,
        destination,
        dataset,
        event_name,
        source_key,
        event_id,
        state,
        reason,
        created_at
    from source
)

select * from renamed
