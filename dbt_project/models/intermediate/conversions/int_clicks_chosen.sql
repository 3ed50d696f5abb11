with website_starts as (
    select
        subscription_event_id,
        subscription_id,
        occurred_at
    from {{ ref('int_subscription_events_latest') }}
    where event_type in ('trial_started', 'subscribed')
),

-- A click names a subscription; it speaks for the first trial or subscription that followed it.
subscription_clicks as (
    select
        website_starts.subscription_event_id,
        clicks.click_id,
        row_number() over (
            partition by clicks.click_id
            order by website_starts.occurred_at, website_starts.subscription_event_id
        ) as choice
    from {{ ref('int_clicks_latest') }} as clicks
    inner join website_starts
        on
            clicks.subscription_id = website_starts.subscription_id
            and clicks.clicked_at <= website_starts.occurred_at
),

clicks_of_entities as (
    select
        'orders' as entity,
        clicks.order_id as entity_key,
        clicks.*
    from {{ ref('int_clicks_latest') }} as clicks
    where clicks.order_id is not null

    union all

    select
        'leads' as entity,
        clicks.lead_id as entity_key,
        clicks.*
    from {{ ref('int_clicks_latest') }} as clicks
    where clicks.lead_id is not null

    union all

    select
        'subscription_events' as entity,
        subscription_clicks.subscription_event_id as entity_key,
        clicks.*
    from {{ ref('int_clicks_latest') }} as clicks
    inner join subscription_clicks
        on clicks.click_id = subscription_clicks.click_id
    where subscription_clicks.choice = 1
),

affected_clicks as (
    select clicks_of_entities.*
    from clicks_of_entities
    inner join {{ ref('int_affected_entities') }} as affected
        on
            clicks_of_entities.entity = affected.entity
            and clicks_of_entities.entity_key = affected.entity_key
),

-- The row with an event_id that the browser captured is the one the Pixel spoke of; else the newest click wins. Where
-- it knows no click id (the ad was clicked on the way, the cookie refused at the end), the newest other click tells it.
ranked as (
    select
        *,
        row_number() over (
            partition by entity, entity_key
            order by
                case when event_id is not null then 0 else 1 end,
                coalesce(clicked_at, updated_at) desc,
                click_id desc
        ) as choice,
        first_value(fbc) over (
            partition by entity, entity_key
            order by
                case when fbc is not null then 0 else 1 end,
                coalesce(clicked_at, updated_at) desc,
                click_id desc
        ) as newest_fbc
    from affected_clicks
)

select
    entity,
    entity_key,
    click_id,
    event_id,
    coalesce(fbc, newest_fbc) as fbc,
    fbp,
    client_ip_address,
    client_user_agent,
    page_url,
    referrer_url
from ranked
where choice = 1
