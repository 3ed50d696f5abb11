{{ config(materialized='view') }}

{%- set hashed = ['em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country', 'external_id'] %}

with events as (
    select * from {{ ref('fct_conversion_events') }}
)

select
    source,
    event_name,
    action_source,
    cast(occurred_at as date) as occurred_on,
    {% for identifier in hashed -%}
        count(*) filter (where {{ size_of(identifier) }} > 0) as with_{{ identifier }},
    {% endfor -%}
    {% for identifier in ['client_ip_address', 'client_user_agent', 'fbc', 'fbp', 'lead_id'] -%}
        count({{ identifier }}) as with_{{ identifier }},
    {% endfor -%}
    count(*) filter (where is_event_id_captured) as with_captured_event_id,
    count(*) as events,
    count(*) filter (where is_event_id_captured) / cast(count(*) as double) as captured_event_id_share
from events
group by source, event_name, action_source, cast(occurred_at as date)
