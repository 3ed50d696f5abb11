{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['subscription_event_id']) }}

with unseen_versions as (
    select *
    from {{ ref('stg_shop__subscription_events') }}
    where {{ is_unseen('shop', 'subscription_events') }}
),

newest_versions as (
    {{ newest_versions('unseen_versions', key=['subscription_event_id']) }}
)

select
    subscription_event_id,
    subscription_id,
    customer_id,
    event_type,
    plan,
    occurrence,
    amount,
    currency,
    predicted_ltv,
    is_test,
    occurred_at,
    updated_at,
    first_committed_at,
    first_landed_at,
    _extracted_at as landed_at,
    {{ this_build_seq() }} as build_seq
from newest_versions
