-- A key without a candidate would be in no sum. What landed earlier was asked for when it landed.

with landed_keys as (
    {% for table in var('candidates') -%}
        select distinct
            '{{ table.source }}' as source,
            '{{ table.entity }}' as entity,
            {{ table.key }} as entity_key
        from {{ ref('stg_' ~ table.source ~ '__' ~ table.entity) }}
        where {{ is_unseen(table.source, table.entity) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select landed_keys.*
from landed_keys
left join {{ ref('fct_conversion_candidates') }} as candidates
    on
        landed_keys.source = candidates.source
        and landed_keys.entity = candidates.entity
        and landed_keys.entity_key = candidates.entity_key
where candidates.source_key is null
