{# Who a person is, in the words of Meta's user_data: lists of hashes, and what is sent in clear. #}
{% macro meta_hashed_identifiers() -%}
    {{ return(['em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country', 'external_id']) }}
{%- endmacro %}

{% macro meta_clear_identifiers() -%}
    {{ return(['client_ip_address', 'client_user_agent', 'fbc', 'fbp', 'lead_id', 'subscription_id']) }}
{%- endmacro %}

{#
    Meta's rule on customer information (since v13): an event whose identifiers all belong to one of these sets, or that
    has none, is refused, and the whole request with it (subcode 2804050). Takes the names of the columns.
#}
{% macro is_below_meta_baseline(identifiers) -%}
    {%- set too_broad = [
        ['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent'],
        ['db', 'client_user_agent'],
        ['fn', 'ge'],
        ['ln', 'ge'],
    ] -%}
    (
    {%- for allowed in too_broad %}
        {{ 'or ' if not loop.first }}({{ identifiers | reject('in', allowed) | join(' is null and ') }} is null)
    {%- endfor %}
    )
{%- endmacro %}

{# Where an event may have happened, in Meta's words, as SQL literals. #}
{% macro meta_action_sources() -%}
    {{ return(
        "'website', 'physical_store', 'phone_call', 'email', 'chat', 'system_generated', 'app', 'business_messaging', 'other'"
    ) }}
{%- endmacro %}

{# How old an event Meta takes, by where it happened. #}
{% macro meta_window(action_source) -%}
    case when {{ action_source }} = 'physical_store' then interval '62 days' else interval '7 days' end
{%- endmacro %}

{# user_data as JSON: lists of hashes, then what is sent in clear. #}
{% macro meta_user_data() -%}
    {%- set members = {} -%}
    {%- for key in meta_hashed_identifiers() -%}{%- do members.update({key: json_plain_list(key)}) -%}{%- endfor -%}
    {%- for key in meta_clear_identifiers() -%}{%- do members.update({key: json_text(key)}) -%}{%- endfor -%}
    {%- do members.update({'lead_id': json_integer('lead_id')}) -%}
    {{ json_object(members) }}
{%- endmacro %}

{# The words that Meta knows for how new a customer is; any other is left out. #}
{% macro meta_customer_segmentation(value) -%}
    case
        when regexp_matches({{ value }}, '^(new|existing)_customer_to_(business|business_line|product_area|medium)$')
            then {{ value }}
        when {{ value }} = 'customer_in_loyalty_program' then {{ value }}
    end
{%- endmacro %}

{# custom_data as JSON. A CRM names itself there; a lead id or a stage alone would not make it one of Meta's CRM events. #}
{% macro meta_custom_data() -%}
    {{ json_object({
        'value': json_amount('value_sent', 'currency_exponent'),
        'currency': json_plain_text('currency_sent'),
        'net_revenue': json_amount('net_revenue_sent', 'currency_exponent'),
        'predicted_ltv': json_amount('predicted_ltv_sent', 'currency_exponent'),
        'content_type': "case when contents is not null then '\"product\"' end",
        'contents': 'contents',
        'num_items': json_integer('num_items'),
        'order_id': json_text('order_id'),
        'item_number': json_text('item_number'),
        'customer_segmentation': json_plain_text('(' ~ meta_customer_segmentation('customer_segmentation') ~ ')'),
        'event_source': "case when crm_name is not null then '\"crm\"' end",
        'lead_event_source': json_text('crm_name'),
    }) }}
{%- endmacro %}

{# The event that this one follows from, where there is one. #}
{% macro meta_original_event_data() -%}
    {{ json_object({
        'event_name': json_text('original_event_name'),
        'event_time': json_integer(epoch_seconds('original_occurred_at')),
        'event_id': json_text('original_event_id'),
    }) }}
{%- endmacro %}
