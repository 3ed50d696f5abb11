with changed_subjects as (
    select
        subject_type,
        subject_id
    from {{ ref('int_identities_latest') }}
    where build_seq > {{ last_good_build_seq() }}

    union

    select
        subject_type,
        subject_id
    from {{ ref('int_consents') }}
    where build_seq > {{ last_good_build_seq() }}
),

changed_orders as (
    select order_id
    from {{ ref('int_orders_latest') }}
    where build_seq > {{ last_good_build_seq() }}

    union

    select order_id
    from {{ ref('int_order_lines_latest') }}
    where build_seq > {{ last_good_build_seq() }}

    union

    select order_id
    from {{ ref('int_clicks_latest') }}
    where build_seq > {{ last_good_build_seq() }} and order_id is not null
),

orders_of_changed_customers as (
    select orders.order_id
    from {{ ref('int_orders_latest') }} as orders
    where orders.customer_id in (
        select changed_subjects.subject_id
        from changed_subjects
        where changed_subjects.subject_type = 'customer'
    )
),

changed_leads as (
    select lead_id
    from {{ ref('int_leads_latest') }}
    where build_seq > {{ last_good_build_seq() }}

    union

    select lead_id
    from {{ ref('int_clicks_latest') }}
    where build_seq > {{ last_good_build_seq() }} and lead_id is not null

    union

    select subject_id as lead_id
    from changed_subjects
    where subject_type = 'lead'
),

-- A stage is judged by the one before it, and a renewal by its subscription: what changed takes its siblings along.
leads_of_changed_stages as (
    select lead_id
    from {{ ref('int_lead_stages_latest') }}
    where build_seq > {{ last_good_build_seq() }} and lead_id is not null

    union

    select lead_id from changed_leads
),

affected_stages as (
    select change_id
    from {{ ref('int_lead_stages_latest') }}
    where
        build_seq > {{ last_good_build_seq() }}
        or lead_id in (select leads_of_changed_stages.lead_id from leads_of_changed_stages)
),

changed_subscriptions as (
    select subscription_id
    from {{ ref('int_subscription_events_latest') }}
    where build_seq > {{ last_good_build_seq() }} and subscription_id is not null

    union

    select subscription_id
    from {{ ref('int_clicks_latest') }}
    where build_seq > {{ last_good_build_seq() }} and subscription_id is not null

    union

    select subscription_id
    from {{ ref('int_subscription_events_latest') }}
    where
        customer_id in (
            select changed_subjects.subject_id
            from changed_subjects
            where changed_subjects.subject_type = 'customer'
        )
),

affected_subscription_events as (
    select subscription_event_id
    from {{ ref('int_subscription_events_latest') }}
    where
        build_seq > {{ last_good_build_seq() }}
        or subscription_id in (select changed_subscriptions.subscription_id from changed_subscriptions)
        or customer_id in (
            select changed_subjects.subject_id
            from changed_subjects
            where changed_subjects.subject_type = 'customer'
        )
),

-- A destination that went live at another moment, or in another set-up, changes what is due to it.
changed_destinations as (
    select count(*) > 0 as is_any
    from {{ ref('int_destinations') }}
    where build_seq > {{ last_good_build_seq() }}
),

everything_if_a_destination_changed as (
    select
        'orders' as entity,
        order_id as entity_key
    from {{ ref('int_orders_latest') }}
    where (select changed_destinations.is_any from changed_destinations)

    union all

    select
        'leads' as entity,
        lead_id as entity_key
    from {{ ref('int_leads_latest') }}
    where (select changed_destinations.is_any from changed_destinations)

    union all

    select
        'lead_stages' as entity,
        change_id as entity_key
    from {{ ref('int_lead_stages_latest') }}
    where (select changed_destinations.is_any from changed_destinations)

    union all

    select
        'subscription_events' as entity,
        subscription_event_id as entity_key
    from {{ ref('int_subscription_events_latest') }}
    where (select changed_destinations.is_any from changed_destinations)
),

affected as (
    select
        'orders' as entity,
        order_id as entity_key
    from changed_orders

    union

    select
        'orders' as entity,
        order_id as entity_key
    from orders_of_changed_customers

    union

    select
        'leads' as entity,
        lead_id as entity_key
    from changed_leads

    union

    select
        'lead_stages' as entity,
        change_id as entity_key
    from affected_stages

    union

    select
        'subscription_events' as entity,
        subscription_event_id as entity_key
    from affected_subscription_events

    union

    select
        entity,
        entity_key
    from everything_if_a_destination_changed
)

select
    entity,
    entity_key
from affected
