{{ config(materialized='view') }}

with events as (
    select * from {{ ref('fct_conversion_events') }}
)

select
    event_name,
    action_source,
    cast(occurred_at as date) as occurred_on,
    count(*) as events,
    {% for identifier in [
        'em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country', 'external_id',
        'client_ip_address', 'client_user_agent', 'fbc', 'fbp',
    ] -%}
        count({{ identifier }}) as with_{{ identifier }}{{ ',' if not loop.last }}
    {% endfor %}
from events
group by event_name, action_source, cast(occurred_at as date)
