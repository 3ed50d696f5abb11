with affected_leads as (
    select leads.*
    from {{ ref('int_leads_latest') }} as leads
    inner join {{ ref('int_affected_entities') }} as affected
        on
            affected.entity = 'leads'
            and leads.lead_id = affected.entity_key
),

clicks as (
    select *
    from {{ ref('int_clicks_chosen') }}
    where entity = 'leads'
),

-- The value of a lead is optional: one that cannot be sent is left out rather than costing the event.
with_usable_value as (
    select
        affected_leads.*,
        currencies.exponent as currency_exponent,
        affected_leads.estimated_value >= 0 and currencies.currency is not null as is_value_usable
    from affected_leads
    left join {{ ref('currencies') }} as currencies
        on affected_leads.currency = currencies.currency
),

leads as (
    select
        {{ source_key('shop', 'leads', 'leads.lead_id') }} as source_key,
        'shop' as source,
        'leads' as entity,
        leads.lead_id as entity_key,
        '' as part,
        'website_lead' as event_kind,
        {{ list_of([
            "case when leads.is_test then 'ours:test' end",
            "case when leads.lead_status = 'spam' then 'ours:spam' end",
            "case when leads.lead_status = 'duplicate' then 'ours:duplicate' end",
        ]) }} as reasons,
        leads.submitted_at as occurred_at,
        leads.first_committed_at as committed_at,
        leads.first_landed_at as landed_at,
        leads.landed_at as version_landed_at,
        'lead' as subject_type,
        leads.lead_id as subject_id,
        coalesce(clicks.event_id, {{ event_id('lead', ['leads.lead_id']) }}) as event_id,
        clicks.event_id is not null as is_event_id_captured,
        cast(null as varchar) as order_id,
        cast(null as varchar) as item_number,
        case when leads.is_value_usable then cast(leads.estimated_value as decimal(18, 4)) end as value,
        case when leads.is_value_usable then leads.currency end as currency,
        leads.currency_exponent,
        cast(null as varchar) as contents,
        false as is_missing_lines,
        coalesce(clicks.page_url, nullif('{{ var("shop_url") }}', '')) as event_source_url,
        clicks.referrer_url,
        clicks.client_ip_address,
        clicks.client_user_agent,
        clicks.fbc,
        clicks.fbp
    from with_usable_value as leads
    left join clicks
        on leads.lead_id = clicks.entity_key
)

select * from leads
