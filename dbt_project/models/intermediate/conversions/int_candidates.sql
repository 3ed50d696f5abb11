{{ config(materialized='view') }}

{# A new kind of event is one more model in this list, with these columns. #}
{%- set kinds = [
    ref('int_website_purchases'),
    ref('int_store_purchases'),
    ref('int_other_purchases'),
    ref('int_website_leads'),
] -%}

{% for kind in kinds %}
    select
        source_key,
        source,
        entity,
        entity_key,
        part,
        event_kind,
        reasons,
        occurred_at,
        committed_at,
        landed_at,
        version_landed_at,
        subject_type,
        subject_id,
        event_id,
        is_event_id_captured,
        order_id,
        item_number,
        value,
        currency,
        currency_exponent,
        contents,
        is_missing_lines,
        event_source_url,
        referrer_url,
        client_ip_address,
        client_user_agent,
        fbc,
        fbp
    from {{ kind }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
