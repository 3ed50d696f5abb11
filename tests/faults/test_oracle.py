"""The oracle sees what it is there to see: a ledger or a book that was tampered with."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from chain import Chain
from oracle import violations
from outbox import events

from waybill.emulator import Emulator

LEDGER = {
    "a duplicate that no attempt tells of": (
        "delete from attempts where outcome = 'unknown'",
        "an invisible duplicate",
    ),
    "an answer that is called unknown": (
        "update attempts set outcome = 'accepted' where outcome = 'unknown'",
        "sent again after a known answer",
    ),
    "a lost batch": (
        "delete from batches where batch_id = (select max(batch_id) from batches)",
        "a candidate that was never enrolled",
    ),
    "an end that was forgotten": ("update batches set state = 'pending'", "is pending at rest"),
    "an end that nobody gave": ("update batches set state = 'rejected'", "rejected"),
    "an intent that was not written": ("delete from attempts where outcome = 'accepted'", "intents"),
}
BOOK = {
    "an event that never came": ("delete from events where event_id = 'purchase_5'", "not in the book"),
    "an event that nobody enrolled": (
        "update events set event_id = 'other' where event_id = 'purchase_5'",
        "not enrolled",
    ),
    "other bytes": ("update events set sha256 = 'x' where event_id = 'purchase_5'", "other bytes"),
    "a repeat that the platform no longer merges": (
        "update events set received_at = '2026-11-18T11:00:00.000000Z' "
        "where request_id = (select min(request_id) from events)",
        "counted 2 times",
    ),
    "a late event": ("update events set received_at = '2026-12-24T00:00:00Z'", "after it had expired"),
}


@pytest.mark.parametrize("what", [*LEDGER, *BOOK])
def test_a_contradiction_is_seen(make_chain: Callable[..., Chain], platform: Emulator, what: str) -> None:
    chain = make_chain(batch_size=3)
    chain.add(events(6))
    platform.plan("accept_then_drop")
    chain.office.deliver()
    assert violations(chain, platform.book) == []

    change, says = {**LEDGER, **BOOK}[what]
    path = chain.office.home.ledger_file if what in LEDGER else platform.book.path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(change)
        connection.commit()

    assert any(says in text for text in violations(chain, platform.book))
