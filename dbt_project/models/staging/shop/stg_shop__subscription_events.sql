with source as (
    select * from {{ source('shop', 'subscription_events') }}
),

renamed as (
    select
        -- ids
        {{ hidden_key('subscription_event_id') }} as subscription_event_id,
        {{ hidden_key('subscription_id') }} as subscription_id,
        {{ hidden_key('customer_id') }} as customer_id,

        -- strings
        lower(trim({{ without_contact_data('event_type') }})) as event_type,
        {{ without_contact_data('plan') }} as plan,
        upper(nullif(trim({{ without_contact_data('currency') }}), '')) as currency,

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
