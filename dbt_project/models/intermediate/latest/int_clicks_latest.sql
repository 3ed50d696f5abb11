{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['click_id']) }}

with unseen_versions as (
    select
        *,
        {{ is_purged() }} as is_purged
    from {{ ref('stg_shop__clicks') }}
    where {{ is_unseen('shop', 'clicks') }}
),

newest_versions as (
    {{ newest_versions('unseen_versions', key=['click_id']) }}
),

-- What a browser told has left landing after a while; the visit keeps what is known of it.
{{ carried_over_ctes(key=['click_id'], columns=[
    'order_id', 'lead_id', 'subscription_id', 'event_id', 'fbc', 'fbp', 'client_ip_address', 'client_user_agent',
    'page_url', 'referrer_url', 'clicked_at', 'updated_at', 'first_committed_at', 'first_landed_at', 'landed_at',
]) }}

select
    click_id,
    order_id,
    lead_id,
    subscription_id,
    {{ captured_event_id('event_id') }} as event_id,
    {{ clean_fbc('fbc', 'fbclid', 'clicked_at', page_url='page_url') }} as fbc,
    {{ clean_fbp('fbp') }} as fbp,
    {{ clean_ip_address('client_ip_address') }} as client_ip_address,
    {{ clean_user_agent('client_user_agent') }} as client_user_agent,
    {{ clean_url('page_url') }} as page_url,
    {{ clean_url('referrer_url') }} as referrer_url,
    clicked_at,
    updated_at,
    first_committed_at,
    first_landed_at,
    _extracted_at as landed_at,
    {{ this_build_seq() }} as build_seq
from to_compute
{{ and_carried_over() }}
