-- A column of an event model that is misspelled would be left out without a word, and a required one be null for all.

{%- set required = columns_of_an_event().required -%}
{%- set known = required.keys() | list + columns_of_an_event().optional.keys() | list %}

with event_models as (
    {% for model in event_models() -%}
        {%- set relation = ref(model) %}
        select
            '{{ relation.identifier }}' as model_name,
            '{{ relation.schema }}' as schema_name
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

columns_of_models as (
    select
        catalog_columns.table_name as model_name,
        catalog_columns.column_name
    from information_schema.columns as catalog_columns
    inner join event_models
        on
            catalog_columns.table_schema = event_models.schema_name
            and catalog_columns.table_name = event_models.model_name
),

required_columns as (
    {% for column in required -%}
        select '{{ column }}' as column_name
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

missing as (
    select
        event_models.model_name,
        required_columns.column_name,
        'required, and missing' as problem
    from event_models
    cross join required_columns
    left join columns_of_models
        on
            event_models.model_name = columns_of_models.model_name
            and required_columns.column_name = columns_of_models.column_name
    where columns_of_models.model_name is null
),

unknown as (
    select
        model_name,
        column_name,
        'not a column of an event' as problem
    from columns_of_models
    where column_name not in ('{{ known | join("', '") }}')
)

select * from missing
union all
select * from unknown
