{{ event_lag(
    candidates=ref('stg_published__candidates'),
    gate=ref('stg_published__gate'),
    judged=ref('int_judged_builds'),
    keys=ref('stg_published__delivery_keys'),
    batches=ref('stg_published__batches'),
    exceptions=ref('stg_published__exceptions'),
    now="(select clock.recorded_at from " ~ ref('int_delivery_clock') ~ " as clock)",
) }}
