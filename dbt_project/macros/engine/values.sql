{# Times, lists and dates, where engines differ. #}

{# Whole Unix seconds of a moment, rounded down. #}
{% macro epoch_seconds(moment) -%}
    {{ return(adapter.dispatch('epoch_seconds', 'waybill')(moment)) }}
{%- endmacro %}

{% macro default__epoch_seconds(moment) -%}
    (epoch_us({{ moment }}) // 1000000)
{%- endmacro %}

{% macro postgres__epoch_seconds(moment) -%}
    cast(floor(extract(epoch from {{ moment }})) as bigint)
{%- endmacro %}

{# Whole Unix milliseconds of a moment, rounded down (DuckDB's epoch_ms rounds to the nearest). #}
{% macro epoch_milliseconds(moment) -%}
    {{ return(adapter.dispatch('epoch_milliseconds', 'waybill')(moment)) }}
{%- endmacro %}

{% macro default__epoch_milliseconds(moment) -%}
    (epoch_us({{ moment }}) // 1000)
{%- endmacro %}

{% macro postgres__epoch_milliseconds(moment) -%}
    cast(floor(extract(epoch from {{ moment }}) * 1000) as bigint)
{%- endmacro %}

{# Seconds between two moments, with their fraction; negative when the second one came first. #}
{% macro seconds_between(earlier, later) -%}
    {{ return(adapter.dispatch('seconds_between', 'waybill')(earlier, later)) }}
{%- endmacro %}

{% macro default__seconds_between(earlier, later) -%}
    cast(date_diff('millisecond', {{ earlier }}, {{ later }}) / 1000.0 as double)
{%- endmacro %}

{% macro postgres__seconds_between(earlier, later) -%}
    cast(extract(epoch from {{ later }} - {{ earlier }}) as double precision)
{%- endmacro %}

{# The values that are not null, as a list of texts; [] when all are. #}
{% macro list_of(values) -%}
    {{ return(adapter.dispatch('list_of', 'waybill')(values)) }}
{%- endmacro %}

{% macro default__list_of(values) -%}
    list_filter(
        cast([
            {%- for value in values %}
            {{ value }}{{ ',' if not loop.last }}
            {%- endfor %}
        ] as varchar[]),
        lambda entry: entry is not null
    )
{%- endmacro %}

{% macro postgres__list_of(values) -%}
    array_remove(cast(array[{{ values | join(', ') }}] as varchar[]), null)
{%- endmacro %}

{# A list of one, or null for null: what platforms take several of. #}
{% macro list_of_one(value) -%}
    {{ return(adapter.dispatch('list_of_one', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__list_of_one(value) -%}
    case when {{ value }} is not null then [{{ value }}] end
{%- endmacro %}

{% macro postgres__list_of_one(value) -%}
    case when {{ value }} is not null then array[{{ value }}] end
{%- endmacro %}

{# The text, or null where it is empty. Unlike nullif() it works the text out once, which counts where that is long. #}
{% macro null_if_empty(value) -%}
    {{ return(adapter.dispatch('null_if_empty', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__null_if_empty(value) -%}
    list_filter([{{ value }}], lambda text: text <> '')[1]
{%- endmacro %}

{% macro postgres__null_if_empty(value) -%}
    nullif({{ value }}, '')
{%- endmacro %}

{# How many entries a list has; 0 for [] and for null. #}
{% macro size_of(list) -%}
    {{ return(adapter.dispatch('size_of', 'waybill')(list)) }}
{%- endmacro %}

{% macro default__size_of(list) -%}
    coalesce(len({{ list }}), 0)
{%- endmacro %}

{% macro postgres__size_of(list) -%}
    coalesce(cardinality({{ list }}), 0)
{%- endmacro %}

{# The rows of several relations under each other, matched by the names of their columns; one that a relation lacks is null there. #}
{% macro union_by_name(relations) -%}
    {{ return(adapter.dispatch('union_by_name', 'waybill')(relations)) }}
{%- endmacro %}

{% macro default__union_by_name(relations) -%}
    {% for relation in relations %}
    select * from {{ relation }}
    {% if not loop.last %}union all by name{% endif %}
    {% endfor %}
{%- endmacro %}
