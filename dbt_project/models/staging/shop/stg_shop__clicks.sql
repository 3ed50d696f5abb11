with source as (
    select * from {{ source('shop', 'clicks') }}
),

renamed as (
    select
        -- ids
        click_id,
        order_id,
        lead_id,
        subscription_id,
        event_id,

        -- strings
        fbc,
        fbp,
        fbclid,
        client_ip_address,
        client_user_agent,
        page_url,
        referrer_url,

        -- timestamps
        clicked_at,
        updated_at,

        -- landing
        filename as _landing_file,
        _run_id,
        _extracted_at
    from source
)

select * from renamed
