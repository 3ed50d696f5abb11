{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='destination') }}

with destinations as (
    select * from {{ ref('stg_waybill__destinations') }}
),

changed_destinations as (
    select
        destinations.destination,
        destinations.setup,
        destinations.start_at
    from destinations
    {% if is_incremental() %}
        left join {{ this }} as known
            on destinations.destination = known.destination
        where
            known.destination is null
            or known.setup is distinct from destinations.setup
            or known.start_at is distinct from destinations.start_at
    {% endif %}
)

select
    destination,
    setup,
    start_at,
    {{ this_build_seq() }} as build_seq
from changed_destinations
