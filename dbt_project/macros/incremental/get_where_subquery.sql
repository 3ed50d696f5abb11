{#
    Data tests look at the rows of the newest build, not at all of history: `where: build_seq = __newest_build__` in a
    test's config. What was computed before was tested then. (dbt calls this macro for every generic test.)
#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if where -%}
        {%- set newest_build = '(select max(build_seq) from ' ~ relation ~ ')' -%}
        (
            select *
            from {{ relation }}
            where {{ where | replace('__newest_build__', newest_build) }}
        ) as dbt_subquery
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
