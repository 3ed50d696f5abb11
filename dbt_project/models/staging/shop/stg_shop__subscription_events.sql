with source as (
    select * from {{ source('shop', 'subscription_events') }}
),

renamed as (
    select
        -- ids
        subscription_event_id,
        subscription_id,
        customer_id,

        -- strings
        lower(trim(event_type)) as event_type,
        plan,
        upper(nullif(trim(currency), '')) as currency,

        -- numerics
        occurrence,
        amount,
        predicted_ltv,

        -- booleans
        coalesce(is_test, false) as is_test,

        -- timestamps
        occurred_at,
        updated_at,

        -- landing
        filename as _landing_file,
        _run_id,
        _extracted_at
    from source
)

select * from renamed
