{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['order_id']) }}

with unseen_versions as (
    select *
    from {{ ref('stg_shop__orders') }}
    where {{ is_unseen('shop', 'orders') }}
),

newest_versions as (
    {{ newest_versions('unseen_versions', key=['order_id']) }}
)

select
    order_id,
    customer_id,
    channel,
    brand,
    order_status,
    currency,
    order_total,
    refunded_amount,
    net_revenue,
    predicted_ltv,
    customer_segment,
    is_test,
    ordered_at,
    paid_at,
    cancelled_at,
    refunded_at,
    updated_at,
    first_committed_at,
    first_landed_at,
    _extracted_at as landed_at,
    {{ this_build_seq() }} as build_seq
from newest_versions
