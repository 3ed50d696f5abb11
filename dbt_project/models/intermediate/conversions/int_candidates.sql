{{ config(access='protected') }}

{#- The models of the events, in the list `candidates` of dbt_project.yml. -#}
{%- set kinds = [] -%}
{%- for model in event_models() -%}
    {%- do kinds.append(ref(model)) -%}
{%- endfor -%}

{%- set columns = [] -%}
{%- for group in columns_of_an_event().values() -%}
    {%- for name, type in group.items() -%}
        {%- do columns.append('cast(null as ' ~ type ~ ') as ' ~ name) -%}
    {%- endfor -%}
{%- endfor -%}

with no_rows as (
    select {{ columns | join(', ') }}
    where false
),

every_kind as (
    {{ union_by_name(['no_rows'] + kinds) }}
),

named as (
    select
        every_kind.*,
        {{ source_key('source', 'entity', 'entity_key', "coalesce(part, '')") }} as source_key
    from every_kind
),

candidates as (
    select
        named.source_key,
        named.source,
        named.entity,
        named.entity_key,
        coalesce(named.part, '') as part,
        named.event_kind,
        named.event_name,
        named.action_source,
        named.event_id,
        coalesce(named.is_event_id_captured, false) as is_event_id_captured,
        named.reasons,
        coalesce(named.defects, {{ list_of([]) }}) || {{ list_of([
            "case when " ~ is_hidden_key('named.entity_key') ~ " or coalesce(" ~ is_hidden_key('named.subscription_id')
            ~ ", false) then 'ours:key_is_contact_data' end",
        ]) }} as defects,
        named.occurred_at,
        named.committed_at,
        named.landed_at,
        named.version_landed_at,
        named.subject_type,
        named.subject_id,
        named.brand,
        named.value,
        named.currency,
        currencies.exponent as currency_exponent,
        named.net_revenue,
        named.predicted_ltv,
        named.customer_segmentation,
        named.order_id,
        named.item_number,
        named.contents,
        named.num_items,
        named.crm_name,
        named.lead_id,
        named.subscription_id,
        named.original_event_name,
        named.original_event_id,
        named.original_occurred_at,
        named.event_source_url,
        named.referrer_url,
        named.client_ip_address,
        named.client_user_agent,
        named.fbc,
        named.fbp
    from named
    left join {{ ref('currencies') }} as currencies
        on named.currency = currencies.currency
)

select * from candidates
