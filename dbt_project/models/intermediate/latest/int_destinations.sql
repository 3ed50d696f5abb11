{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='destination') }}

with destinations as (
    select * from {{ ref('stg_waybill__destinations') }}
),

changed_destinations as (
    select
        destinations.destination,
        destinations.setup,
        destinations.start_at,
        destinations.consent_max_age_days
    from destinations
    {% if is_incremental() %}
        left join {{ this }} as known
            on destinations.destination = known.destination
        where
            known.destination is null
            or known.setup is distinct from destinations.setup
            or known.start_at is distinct from destinations.start_at
            or known.consent_max_age_days is distinct from destinations.consent_max_age_days
    {% endif %}
)

select
    destination,
    setup,
    start_at,
    consent_max_age_days,
    {{ this_build_seq() }} as build_seq
from changed_destinations
