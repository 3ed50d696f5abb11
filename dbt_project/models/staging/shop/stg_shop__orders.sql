with source as (
    select * from {{ source('shop', 'orders') }}
),

renamed as (
    select
        -- ids
        {{ hidden_key('order_id') }} as order_id,
        {{ hidden_key('customer_id') }} as customer_id,

        -- strings
        lower(trim({{ without_contact_data('channel') }})) as channel,
        lower(trim({{ without_contact_data('status') }})) as order_status,
        {{ without_contact_data('store_code') }} as store_code,
        lower(trim({{ without_contact_data('brand') }})) as brand,
        lower(trim({{ without_contact_data('customer_segment') }})) as customer_segment,
        upper(nullif(trim({{ without_contact_data('currency') }}), '')) as currency,

        -- numerics
        total as order_total,
        refunded_amount,
        net_revenue,
        predicted_ltv,

        -- booleans
        coalesce(is_test, false) as is_test,

        -- timestamps
        ordered_at,
        paid_at,
        cancelled_at,
        refunded_at,
        updated_at,

        -- landing
        filename as _landing_file,
        _run_id,
        _extracted_at
    from source
)

select * from renamed
