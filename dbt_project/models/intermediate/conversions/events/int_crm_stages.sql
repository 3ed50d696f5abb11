-- Every change of stage of a lead that the platform's own instant form brought, so that the platform learns which of
-- them become customers. Leads of the website are told as such and take no part.

with affected_changes as (
    select changes.*
    from {{ ref('int_lead_stages_latest') }} as changes
    inner join {{ ref('int_affected_entities') }} as affected
        on
            affected.entity = 'lead_stages'
            and changes.change_id = affected.entity_key
),

-- A lead is affected with all of its changes, so the one before is always here.
in_sequence as (
    select
        *,
        lag(stage) over (
            partition by coalesce(lead_id, change_id)
            order by changed_at, change_id
        ) as stage_before
    from affected_changes
),

with_lead as (
    select
        in_sequence.*,
        leads.submitted_at,
        leads.lead_status,
        in_sequence.is_test or coalesce(leads.is_test, false) as is_test_lead,
        coalesce(leads.form_name <> 'instant_form', false) as is_of_the_website
    from in_sequence
    left join {{ ref('int_leads_latest') }} as leads
        on in_sequence.lead_id = leads.lead_id
),

stages as (
    select
        'shop' as source,
        'lead_stages' as entity,
        change_id as entity_key,
        'crm_stage' as event_kind,
        coalesce(stage, 'unnamed stage') as event_name,
        'system_generated' as action_source,
        {{ event_id('stage', ['change_id']) }} as event_id,
        {{ list_of([
            "case when is_test_lead then 'ours:test' end",
            "case when lead_status = 'spam' then 'ours:spam' end",
            "case when lead_status = 'duplicate' then 'ours:duplicate' end",
            "case when is_of_the_website then 'ours:not_an_instant_form_lead' end",
            "case when stage is null then 'ours:no_stage' end",
            "case when stage = stage_before then 'ours:stage_unchanged' end",
        ]) }} as reasons,
        {{ list_of(["case when changed_at < submitted_at then 'ours:stage_before_lead' end"]) }} as defects,
        changed_at as occurred_at,
        first_committed_at as committed_at,
        first_landed_at as landed_at,
        landed_at as version_landed_at,
        'lead' as subject_type,
        lead_id as subject_id,
        stage_value as value,
        currency,
        coalesce(crm_name, 'CRM') as crm_name,
        meta_lead_id as lead_id
    from with_lead
)

select * from stages
