with source as (
    select * from {{ source('shop', 'orders') }}
),

renamed as (
    select
        -- ids
        order_id,
        customer_id,

        -- strings
        lower(trim(channel)) as channel,
        lower(trim(status)) as order_status,
        store_code,
        lower(trim(brand)) as brand,
        lower(trim(customer_segment)) as customer_segment,
        upper(nullif(trim(currency), '')) as currency,

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
