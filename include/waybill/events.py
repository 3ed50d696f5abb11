"""The words that every part shares: verdicts, states, lag stages, the bands of freshness, and names of rows.

The equation of the balance is these words in this order; ``waybill balance`` prints exactly them.
"""

from typing import Final

VERDICTS: Final = ("not_a_conversion", "withheld", "invalid", "sendable")
"""What SQL decides for a candidate, per destination."""

BALANCE: Final = (
    "not_a_conversion",
    "withheld",
    "invalid",
    "quarantined",
    "gated",
    "pending",
    "sending",
    "unknown",
    "accepted",
    "rejected",
    "expired",
    "withdrawn",
)
"""Where a candidate is, per destination; exactly one each. ``candidates`` is their sum."""

BATCH_STATES: Final = (
    "pending",
    "sending",
    "unknown",
    "accepted",
    "rejected",
    "expired",
    "withdrawn",
    "split",
)
"""States of a batch in the ledger; a ``split`` batch counts nothing, its children do."""

SETTLED_STATES: Final = ("accepted", "rejected", "expired", "withdrawn", "split")
"""States that no longer change."""

LAG_STAGES: Final = ("source", "extract", "build", "queue", "delivery")

LAG_BANDS_SECONDS: Final = {"green": 3600, "amber": 2 * 3600, "red": 24 * 3600, "late": 7 * 24 * 3600}
"""Meta's guidance on freshness: within 1 h, 2 h, 24 h; after 7 days an event is lost."""

LONGEST_WINDOW_DAYS: Final = 62
"""How long after it happened an event may still be sent, at most: a store purchase."""


ERASED: Final = "erased"
"""The source and the entity of what is only counted any more, because its person was erased."""


def key_in_source_key(key: str) -> str:
    """A key as it stands inside its source key, ``<source>/<entity>/<key>``; the macro source_key does the same."""
    return key.replace("%", "%25").replace("/", "%2F")


def key_of_source_key(source_key: str) -> str | None:
    """The row's key inside a source key; None for a text that is none."""
    parts = source_key.split("/")
    return parts[2].replace("%2F", "/").replace("%25", "%") if len(parts) > 2 else None
