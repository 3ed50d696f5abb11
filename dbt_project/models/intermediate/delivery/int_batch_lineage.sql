-- A refused batch is split and lives on in its children, so an event's attempts are those of its batch and of every
-- batch that it was cut from.

with recursive lineage as (
    select
        batch_id,
        batch_id as ancestor_id,
        parent_batch_id
    from {{ ref('stg_published__batches') }}

    union all

    select
        lineage.batch_id,
        parents.batch_id as ancestor_id,
        parents.parent_batch_id
    from lineage
    inner join {{ ref('stg_published__batches') }} as parents
        on lineage.parent_batch_id = parents.batch_id
)

select
    batch_id,
    ancestor_id
from lineage
