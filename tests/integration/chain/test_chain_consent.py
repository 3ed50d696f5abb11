"""What people decided, seen from the platform's end: its book against the decisions that landed."""

from datetime import datetime
from typing import Any

from reference import Shop
from reference_words import LDU_STATES
from story import Story

CODES = {state: code for code, state in enumerate(LDU_STATES, start=1000)}


def objected(decisions: list[dict[str, Any]], occurred: datetime) -> bool:
    """Whether the newest decision was a refusal, then or now."""
    in_order = sorted(decisions, key=lambda row: (row["decided_at"], row["consent_id"]))
    before = [row for row in in_order if row["decided_at"] <= occurred]
    return any(row["decision"] in ("denied", "withdrawn") for row in [*before[-1:], *in_order[-1:]])


def code_of(written: str) -> int:
    """The platform's number of a state as people write it."""
    letters = written.strip().upper().replace(".", "")
    return CODES.get(letters) or next(CODES[code] for code, name in LDU_STATES.items() if name == letters)


def test_who_objected_arrived_under_limited_data_use_of_their_state_or_not_at_all(story: Story) -> None:
    start_at = story.settings().destination("meta").start_at
    assert start_at is not None
    shop = Shop(story.at("first") / "landing", start_at)
    limits, expected = {}, {}
    for event in story.book.events()[: story.booked["first"]]:
        content = event.content()
        order = shop.orders.get((content.get("custom_data", {}).get("order_id"),))
        if order is None:
            continue
        key = (content["event_name"], content["event_id"])
        limits[key] = [content.get(f"data_processing_options{end}") for end in ("", "_country", "_state")]
        said = shop.decisions.get(("customer", order["customer_id"]), [])
        state = (shop.customers.get((order["customer_id"],)) or {}).get("state") or ""
        is_limited = objected(said, order["paid_at"])
        expected[key] = [["LDU"], 1, code_of(state)] if is_limited else [None, None, None]
    assert limits == expected
    assert len({str(limit) for limit in limits.values()}) >= 4  # none, and some states
