-- An order or lead without a candidate would be in no sum.

with landed_keys as (
    select
        'orders' as entity,
        order_id as entity_key
    from {{ ref('int_orders_latest') }}

    union all

    select
        'leads' as entity,
        lead_id as entity_key
    from {{ ref('int_leads_latest') }}
)

select landed_keys.*
from landed_keys
left join {{ ref('fct_conversion_candidates') }} as candidates
    on
        landed_keys.entity = candidates.entity
        and landed_keys.entity_key = candidates.entity_key
where candidates.source_key is null
