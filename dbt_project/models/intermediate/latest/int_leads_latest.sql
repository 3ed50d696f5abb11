{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['lead_id']) }}

with unseen_versions as (
    select *
    from {{ ref('stg_shop__leads') }}
    where {{ is_unseen('shop', 'leads') }}
),

newest_versions as (
    {{ newest_versions('unseen_versions', key=['lead_id']) }}
)

select
    lead_id,
    form_name,
    lead_status,
    currency,
    estimated_value,
    is_test,
    submitted_at,
    updated_at,
    first_committed_at,
    first_landed_at,
    _extracted_at as landed_at,
    {{ this_build_seq() }} as build_seq
from newest_versions
