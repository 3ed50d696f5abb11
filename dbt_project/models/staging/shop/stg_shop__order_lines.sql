with source as (
    select * from {{ source('shop', 'order_lines') }}
),

renamed as (
    select
        -- ids
        {{ hidden_key('order_id') }} as order_id,
        line_number,
        {{ without_contact_data('product_id') }} as product_id,

        -- numerics
        quantity,
        unit_price,

        -- timestamps
        updated_at,

        -- landing
        filename as _landing_file,
        _run_id,
        _extracted_at
    from source
)

select * from renamed
