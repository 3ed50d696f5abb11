{#
    Personal columns leave landing after a while (`waybill purge`). In a full refresh, rows that have not changed since
    go on as the table that is being replaced holds them; without that, a person would lose every identifier, and a
    visit what the browser knew. As CTEs after `newest_versions`, which has a column is_purged:

    carried_over   such rows, with the columns of the model up to build_seq (only where a table is being replaced)
    to_compute     every other newest version

    key      the columns that tell rows apart     columns  those between the key and build_seq, in the model's order
#}
{% macro carried_over_ctes(key, columns) -%}
    {%- set known = replaced_table() -%}
    {%- if known -%}
        {%- set known_columns = adapter.get_columns_in_relation(known) | map(attribute='name') | list %}
carried_over as (
    select
        {% for column in key -%}
            known.{{ column }},
        {% endfor -%}
        {% for column in columns -%}
            {{ 'known.' if column in known_columns else 'null as ' }}{{ column }},
        {% endfor -%}
        {{ this_build_seq() }} as build_seq
    from {{ known }} as known
    inner join newest_versions
        on
            {% for column in key -%}
                known.{{ column }} = newest_versions.{{ column }}
                and {% endfor -%}
            newest_versions.is_purged
),

to_compute as (
    select newest_versions.*
    from newest_versions
    left join carried_over
        on
            {% for column in key -%}
                {{ 'and ' if not loop.first }}newest_versions.{{ column }} = carried_over.{{ column }}
            {% endfor -%}
    where carried_over.{{ key[0] }} is null
)
    {%- else %}
to_compute as (
    select * from newest_versions
)
    {%- endif %}
{%- endmacro %}

{# The rows of carried_over, as the end of a model; nothing where no table is being replaced. #}
{% macro and_carried_over() -%}
    {%- if replaced_table() -%}
    union all
    select * from carried_over
    {%- endif -%}
{%- endmacro %}

{# In a full refresh: the table as the last build left it, where there is one (a unit test has no `this`). #}
{% macro replaced_table() -%}
    {{ return(none if is_incremental() or this is none else load_relation(this)) }}
{%- endmacro %}
