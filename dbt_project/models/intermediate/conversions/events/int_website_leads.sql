-- A lead of the platform's own instant form never saw the website; the stages it goes through in the CRM are told
-- instead.

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

leads as (
    select
        'shop' as source,
        'leads' as entity,
        leads.lead_id as entity_key,
        'website_lead' as event_kind,
        'Lead' as event_name,
        'website' as action_source,
        coalesce(clicks.event_id, {{ event_id('lead', ['leads.lead_id']) }}) as event_id,
        clicks.event_id is not null as is_event_id_captured,
        {{ list_of([
            "case when leads.is_test then 'ours:test' end",
            "case when leads.lead_status = 'spam' then 'ours:spam' end",
            "case when leads.lead_status = 'duplicate' then 'ours:duplicate' end",
            "case when leads.form_name = 'instant_form' then 'ours:instant_form' end",
        ]) }} as reasons,
        leads.submitted_at as occurred_at,
        leads.first_committed_at as committed_at,
        leads.first_landed_at as landed_at,
        leads.landed_at as version_landed_at,
        'lead' as subject_type,
        leads.lead_id as subject_id,
        leads.estimated_value as value,
        leads.currency,
        coalesce(clicks.page_url, nullif('{{ var("shop_url") }}', '')) as event_source_url,
        clicks.referrer_url,
        clicks.client_ip_address,
        clicks.client_user_agent,
        clicks.fbc,
        clicks.fbp
    from affected_leads as leads
    left join clicks
        on leads.lead_id = clicks.entity_key
)

select * from leads
