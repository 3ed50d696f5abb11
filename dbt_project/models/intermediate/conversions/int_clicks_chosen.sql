with clicks_of_entities as (
    select
        'orders' as entity,
        order_id as entity_key,
        *
    from {{ ref('int_clicks_latest') }}
    where order_id is not null

    union all

    select
        'leads' as entity,
        lead_id as entity_key,
        *
    from {{ ref('int_clicks_latest') }}
    where lead_id is not null
),

affected_clicks as (
    select clicks_of_entities.*
    from clicks_of_entities
    inner join {{ ref('int_affected_entities') }} as affected
        on
            clicks_of_entities.entity = affected.entity
            and clicks_of_entities.entity_key = affected.entity_key
),

-- The row with an event_id that the browser captured is the one the Pixel spoke of; else the newest click wins.
ranked as (
    select
        *,
        row_number() over (
            partition by entity, entity_key
            order by
                case when event_id is not null then 0 else 1 end,
                coalesce(clicked_at, updated_at) desc,
                click_id desc
        ) as choice
    from affected_clicks
)

select
    entity,
    entity_key,
    click_id,
    event_id,
    fbc,
    fbp,
    client_ip_address,
    client_user_agent,
    page_url,
    referrer_url
from ranked
where choice = 1
