{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['change_id']) }}

with unseen_versions as (
    select *
    from {{ ref('stg_shop__lead_stages') }}
    where {{ is_unseen('shop', 'lead_stages') }}
),

newest_versions as (
    {{ newest_versions('unseen_versions', key=['change_id']) }}
)

select
    change_id,
    lead_id,
    {{ clean_lead_id('meta_lead_id') }} as meta_lead_id,
    crm_name,
    stage,
    stage_value,
    currency,
    is_test,
    changed_at,
    updated_at,
    first_committed_at,
    first_landed_at,
    _extracted_at as landed_at,
    {{ this_build_seq() }} as build_seq
from newest_versions
