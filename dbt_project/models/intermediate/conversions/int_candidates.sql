{{ config(materialized='view') }}

{# A new kind of event is one more model in this list. #}
{%- set kinds = [
    ref('int_website_purchases'),
    ref('int_store_purchases'),
    ref('int_other_purchases'),
    ref('int_website_leads'),
] -%}

{% for kind in kinds %}
    select * from {{ kind }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
