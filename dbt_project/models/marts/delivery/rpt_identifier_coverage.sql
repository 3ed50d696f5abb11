{{ config(materialized='view') }}

with events as (
    select * from {{ ref('fct_conversion_events') }}
)

select
    event_name,
    action_source,
    cast(occurred_at as date) as occurred_on,
    {% for identifier in [
        'em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country', 'external_id',
        'client_ip_address', 'client_user_agent', 'fbc', 'fbp',
    ] -%}
        count({{ identifier }}) as with_{{ identifier }},
    {% endfor -%}
    count(*) as events
from events
group by event_name, action_source, cast(occurred_at as date)
