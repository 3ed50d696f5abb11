{#
    The columns that a model of one kind of event may have, and their types. Those of the first group it must have; one
    that it leaves out of the others is null. The description of each stands in int_candidates.
#}
{% macro columns_of_an_event() -%}
    {{ return({
        'required': {
            'source': 'varchar',
            'entity': 'varchar',
            'entity_key': 'varchar',
            'event_kind': 'varchar',
            'event_name': 'varchar',
            'action_source': 'varchar',
            'event_id': 'varchar',
            'reasons': 'varchar[]',
            'occurred_at': 'timestamp with time zone',
            'committed_at': 'timestamp with time zone',
            'landed_at': 'timestamp with time zone',
            'version_landed_at': 'timestamp with time zone',
            'subject_type': 'varchar',
            'subject_id': 'varchar',
        },
        'optional': {
            'part': 'varchar',
            'is_event_id_captured': 'boolean',
            'defects': 'varchar[]',
            'brand': 'varchar',
            'value': 'decimal(18, 4)',
            'currency': 'varchar',
            'net_revenue': 'decimal(18, 4)',
            'predicted_ltv': 'decimal(18, 4)',
            'customer_segmentation': 'varchar',
            'order_id': 'varchar',
            'item_number': 'varchar',
            'contents': 'varchar',
            'num_items': 'bigint',
            'crm_name': 'varchar',
            'lead_id': 'varchar',
            'subscription_id': 'varchar',
            'original_event_name': 'varchar',
            'original_event_id': 'varchar',
            'original_occurred_at': 'timestamp with time zone',
            'event_source_url': 'varchar',
            'referrer_url': 'varchar',
            'client_ip_address': 'varchar',
            'client_user_agent': 'varchar',
            'fbc': 'varchar',
            'fbp': 'varchar',
        },
    }) }}
{%- endmacro %}

{# The names of the models that make candidates, from the list in dbt_project.yml. #}
{% macro event_models() -%}
    {%- set models = [] -%}
    {%- for table in var('candidates') -%}
        {%- for model in table['models'] -%}
            {%- do models.append(model) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(models) }}
{%- endmacro %}
