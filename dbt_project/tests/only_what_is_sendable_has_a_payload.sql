-- A payload without a verdict could be sent by mistake, a verdict without a payload could not be sent at all, and a
-- payload without the person's limits must not be.

select
    source_key,
    verdict
from {{ ref('meta_events') }}
where
    build_seq = {{ this_build_seq() }}
    and (
        (verdict = 'sendable') <> (payload is not null)
        or (verdict = 'sendable') <> ({{ size_of('reasons') }} = 0)
        or position(consent_limits in payload) = 0
        or payload_digest is distinct from {{ sha256_hex('payload') }}
    )
