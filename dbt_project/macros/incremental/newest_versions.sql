{#
    Of unseen versions, the newest of each key, where it is newer than the one this model already holds; with when the
    key's first landed version was committed and landed, which later versions do not change.

    Versions are ordered by updated_at; of two with the same, the one that landed first counts, because overlapping
    windows land the same version again. So a build of everything and a build of what is new agree.

    versions  a CTE with the unseen staging rows       key  the columns that tell rows apart
#}
{% macro newest_versions(versions, key) -%}
    {%- set keys = key | join(', ') -%}
    select
        ranked.*,
        {%- if is_incremental() %}
        coalesce(known.first_committed_at, ranked.first_unseen_committed_at) as first_committed_at,
        coalesce(known.first_landed_at, ranked.first_unseen_landed_at) as first_landed_at
        {%- else %}
        ranked.first_unseen_committed_at as first_committed_at,
        ranked.first_unseen_landed_at as first_landed_at
        {%- endif %}
    from (
        select
            *,
            row_number() over (partition by {{ keys }} order by updated_at desc, _extracted_at asc) as version_rank,
            first_value(updated_at) over landings as first_unseen_committed_at,
            first_value(_extracted_at) over landings as first_unseen_landed_at
        from {{ versions }}
        window landings as (partition by {{ keys }} order by _extracted_at asc, updated_at asc)
    ) as ranked
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
        {%- for column in key %}
            {{ 'and ' if not loop.first }}ranked.{{ column }} = known.{{ column }}
        {%- endfor %}
    where
        ranked.version_rank = 1
        and (known.updated_at is null or ranked.updated_at > known.updated_at)
    {%- else %}
    where ranked.version_rank = 1
    {%- endif %}
{%- endmacro %}
