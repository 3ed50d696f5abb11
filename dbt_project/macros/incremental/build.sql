{# The number of the build that is running; rows carry it, so that a later build sees what changed since. #}
{% macro this_build_seq() -%}
    (select build_seq from {{ ref('stg_waybill__build') }})
{%- endmacro %}

{# The number of the newest build that succeeded; 0 before the first one. #}
{% macro last_good_build_seq() -%}
    (select last_good_build_seq from {{ ref('stg_waybill__build') }})
{%- endmacro %}

{#
    Whether a staging row comes from a landing file that the last good build had not seen.

    A plain semi-join on the file name, so that DuckDB opens no other file (tested by counting). The name that no file
    has keeps that true when nothing is unseen: for an empty list DuckDB opens files before it learns that it needs none. (With more than
    50 unseen files it filters by a Bloom filter, and may open a few too many.)
#}
{% macro is_unseen(source_name, table_name) -%}
    _landing_file in (
        select unseen_files.file_path
        from {{ ref('stg_waybill__unseen_files') }} as unseen_files
        where unseen_files.source_name = '{{ source_name }}' and unseen_files.table_name = '{{ table_name }}'
        union all
        select 'no landing file'
    )
{%- endmacro %}
