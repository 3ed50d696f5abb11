-- The payload is rendered whatever the verdict, so that a test can show the platform what the verdict keeps from it.

with judged as (
    select * from {{ ref('int_meta_judged') }}
),

with_parts as (
    select
        *,
        {{ meta_user_data() }} as user_data,
        {{ meta_custom_data() }} as custom_data,
        {{ meta_original_event_data() }} as original_event_data
    from judged
)

select
    source_key,
    source,
    entity,
    entity_key,
    part,
    event_kind,
    event_name,
    event_id,
    dataset,
    action_source,
    occurred_at,
    committed_at,
    landed_at,
    expires_at,
    expires_reason,
    value_sent as value,
    currency_sent as currency,
    verdict,
    reasons,
    {{ json_object(dict({
        'event_name': json_text('event_name'),
        'event_time': json_integer(epoch_seconds('occurred_at')),
        'event_id': json_text('event_id'),
        'action_source': json_plain_text('action_source'),
        'event_source_url': json_text('event_source_url'),
        'referrer_url': json_text('referrer_url'),
        'user_data': 'user_data',
        'custom_data': json_object_or_nothing('custom_data'),
        'original_event_data': json_object_or_nothing('original_event_data'),
    }, **meta_limits())) }} as payload_if_sent,
    nullif(trim({{ json_object(meta_limits()) }}, '{}'), '') as limits_if_sent,
    build_seq
from with_parts
