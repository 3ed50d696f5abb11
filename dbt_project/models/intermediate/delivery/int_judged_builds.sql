with gate_files as (
    select * from {{ ref('stg_published__judged_builds') }}
)

select
    destination,
    max_by(build_id, {{ build_order('build_id') }}) as build_id
from gate_files
where build_id <> '_empty'
group by destination
