{#
    For a table that is small enough to be read anew: of every row that this build must judge again, the newest landed
    version, with `committed_at`, `landed_at` (of the key's first landed version) and `version_landed_at`. A row is judged
    again when it has a version in a landing file that the last good build had not seen, when its person's identity or
    consent changed since, or when a destination did.

    It takes the place of an int_…_latest model and of an entry in int_affected_entities, at the price of reading all
    landed versions of the table in each build.

    source, entity  the staging model stg_<source>__<entity>     key  the column that names a row
    subject_type    'customer' or 'lead'                         subject_id  the column with their id
#}
{% macro affected_versions(source, entity, key, subject_type, subject_id) -%}
    select
        ranked.*,
        ranked._extracted_at as version_landed_at
    from (
        select
            *,
            row_number() over (partition by {{ key }} order by updated_at desc, _extracted_at asc) as version_rank,
            first_value(updated_at) over landings as committed_at,
            first_value(_extracted_at) over landings as landed_at
        from {{ ref('stg_' ~ source ~ '__' ~ entity) }}
        window landings as (partition by {{ key }} order by _extracted_at asc, updated_at asc)
    ) as ranked
    where
        ranked.version_rank = 1
        and (
            ranked.{{ key }} in (
                select unseen.{{ key }}
                from {{ ref('stg_' ~ source ~ '__' ~ entity) }} as unseen
                where {{ is_unseen(source, entity) }}
            )
            or ranked.{{ subject_id }} in (
                select identities.subject_id
                from {{ ref('int_identities_latest') }} as identities
                where
                    identities.subject_type = '{{ subject_type }}'
                    and identities.build_seq > {{ last_good_build_seq() }}
                union
                select consents.subject_id
                from {{ ref('int_consents') }} as consents
                where
                    consents.subject_type = '{{ subject_type }}'
                    and consents.build_seq > {{ last_good_build_seq() }}
            )
            or exists (
                select destinations.destination
                from {{ ref('int_destinations') }} as destinations
                where destinations.build_seq > {{ last_good_build_seq() }}
            )
        )
{%- endmacro %}
