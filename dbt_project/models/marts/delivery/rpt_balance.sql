{{ balance(
    candidates=ref('stg_published__candidates'),
    totals=ref('stg_published__candidates_total'),
    gate=ref('stg_published__gate'),
    judged=ref('int_judged_builds'),
    keys=ref('stg_published__delivery_keys'),
    files=ref('stg_published__files'),
    batches=ref('stg_published__batches'),
    attempts=ref('stg_published__attempts'),
    exceptions=ref('stg_published__exceptions'),
    landed=ref('int_landed_keys'),
) }}
