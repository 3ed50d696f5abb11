{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['consent_id']) }}

with unseen_versions as (
    select *
    from {{ ref('stg_shop__consents') }}
    where {{ is_unseen('shop', 'consents') }}
),

newest_versions as (
    {{ newest_versions('unseen_versions', key=['consent_id']) }}
)

select
    consent_id,
    subject_type,
    subject_id,
    purpose,
    decision,
    -- Before bases were recorded, people were asked to agree.
    coalesce(basis, 'opt_in') as basis,
    -- A decision without its moment must not be overtaken by older ones: it was made when it was written.
    coalesce(decided_at, updated_at) as decided_at,
    updated_at,
    first_committed_at,
    first_landed_at,
    _extracted_at as landed_at,
    {{ this_build_seq() }} as build_seq
from newest_versions
