-- Read from landing itself rather than from the marts, so that a key the marts lost is noticed.

with seen_files as (
    select file_path
    from {{ ref('stg_published__seen_files') }}
    where source_name = 'shop'
),

landed_orders as (
    select distinct order_id as entity_key
    from {{ ref('stg_shop__orders') }}
    where _landing_file in (select seen_files.file_path from seen_files)
),

landed_leads as (
    select distinct lead_id as entity_key
    from {{ ref('stg_shop__leads') }}
    where _landing_file in (select seen_files.file_path from seen_files)
)

select
    'shop' as source,
    'orders' as entity,
    entity_key
from landed_orders

union all

select
    'shop' as source,
    'leads' as entity,
    entity_key
from landed_leads
