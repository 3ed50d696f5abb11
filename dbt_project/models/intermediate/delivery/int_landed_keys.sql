{#- The tables are those of the list `candidates` in dbt_project.yml. -#}
-- Read from landing itself rather than from the marts, so that a key the marts lost is noticed.

with seen_files as (
    select
        source_name,
        file_path
    from {{ ref('stg_published__seen_files') }}
)

{% for table in var('candidates') -%}
    select distinct
        '{{ table.source }}' as source,
        '{{ table.entity }}' as entity,
        {{ table.key }} as entity_key
    from {{ ref('stg_' ~ table.source ~ '__' ~ table.entity) }}
    where
        _landing_file in (
            select seen_files.file_path
            from seen_files
            where seen_files.source_name = '{{ table.source }}'
        )
    {% if not loop.last %}union all{% endif %}
{% endfor %}
