with deliveries as (
    select * from {{ ref('fct_deliveries') }}
),

lag_of_accepted as (
    select
        destination,
        event_name,
        cast(occurred_at as date) as occurred_on,
        percentile_cont(0.5) within group (order by total_seconds) as lag_seconds_p50,
        percentile_cont(0.95) within group (order by total_seconds) as lag_seconds_p95,
        max(total_seconds) as lag_seconds_max
    from {{ ref('fct_delivery_lag') }}
    where state = 'accepted'
    group by destination, event_name, cast(occurred_at as date)
),

deliveries_by_day as (
    select
        destination,
        event_name,
        cast(occurred_at as date) as occurred_on,
        count(*) as enrolled,
        {% for state in ['pending', 'sending', 'unknown', 'accepted', 'rejected', 'expired', 'withdrawn'] -%}
            count(*) filter (where state = '{{ state }}') as {{ state }},
        {% endfor -%}
        count(*) filter (where is_possibly_twice) as possibly_twice
    from deliveries
    group by destination, event_name, cast(occurred_at as date)
)

select
    by_day.*,
    lag_of_accepted.lag_seconds_p50,
    lag_of_accepted.lag_seconds_p95,
    lag_of_accepted.lag_seconds_max
from deliveries_by_day as by_day
left join lag_of_accepted
    on
        by_day.destination = lag_of_accepted.destination
        and by_day.event_name = lag_of_accepted.event_name
        and by_day.occurred_on = lag_of_accepted.occurred_on
