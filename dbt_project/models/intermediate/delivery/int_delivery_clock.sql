-- Reports on delivery tell the time of the newest thing that anybody recorded, so that a report of the same data is the
-- same report, and a home whose clock stands still is not judged by the machine's.

with moments as (
    select built_at as recorded_at from {{ ref('stg_waybill__build') }}

    union all

    select enrolled_at from {{ ref('stg_published__files') }}

    union all

    select settled_at from {{ ref('stg_published__batches') }}

    union all

    select coalesce(ended_at, started_at) from {{ ref('stg_published__attempts') }}
)

select max(recorded_at) as recorded_at
from moments
