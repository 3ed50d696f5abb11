{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['order_id', 'line_number']) }}

with unseen_versions as (
    select *
    from {{ ref('stg_shop__order_lines') }}
    where {{ is_unseen('shop', 'order_lines') }}
),

newest_versions as (
    {{ newest_versions('unseen_versions', key=['order_id', 'line_number']) }}
)

select
    order_id,
    line_number,
    product_id,
    quantity,
    unit_price,
    updated_at,
    first_committed_at,
    first_landed_at,
    _extracted_at as landed_at,
    {{ this_build_seq() }} as build_seq
from newest_versions
