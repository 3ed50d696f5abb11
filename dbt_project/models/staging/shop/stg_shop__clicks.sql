with source as (
    select * from {{ source('shop', 'clicks') }}
),

renamed as (
    select
        -- ids
        {{ hidden_key('click_id') }} as click_id,
        {{ hidden_key('order_id') }} as order_id,
        {{ hidden_key('lead_id') }} as lead_id,
        {{ hidden_key('subscription_id') }} as subscription_id,
        {{ without_contact_data('event_id') }} as event_id,

        -- strings
        fbc,
        fbp,
        fbclid,
        client_ip_address,
        case when not {{ has_at_sign('client_user_agent') }} then client_user_agent end as client_user_agent,
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
