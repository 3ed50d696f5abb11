"""The oracle: reads the platform's book, the ledger's file and the delta files, and says what contradicts the promise.

It asks the files themselves; Waybill's own sums (``balance``, ``ledger audit``) are only compared with what they say.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
from chain import Chain

from waybill.accounting.audit import audit
from waybill.accounting.balance import balance
from waybill.emulator import Book, BookedEvent

ENDS = ("accepted", "rejected", "expired", "withdrawn")


@dataclass
class Enrolled:
    """One enrolled event: its state in the ledger, and the outcome of every attempt that may have carried it."""

    row: dict[str, Any]
    state: str
    has_exception: bool
    outcomes: list[str | None]

    @property
    def unanswered(self) -> int:
        return sum(outcome in ("unknown", None) for outcome in self.outcomes)


def has_tables(chain: Chain) -> bool:
    """Whether there is a ledger already; one that was killed while it was made has no tables yet."""
    if not chain.office.home.ledger_file.exists():
        return False
    return chain.office.rows("select count(*) from sqlite_master where name = 'attempts'") == [(1,)]


def enrolled(chain: Chain) -> list[Enrolled]:
    """Every enrolled row of every file, as often as a leaf batch holds it."""
    office = chain.office
    newest: dict[tuple[str, int], str] = {}
    for file_id, row, state in office.rows("select file_id, row_number, state from exceptions order by exception_id"):
        newest[file_id, row] = state
    attempts: dict[int, list[tuple[int, str | None]]] = {}
    for attempt_id, batch_id, outcome in office.rows("select attempt_id, batch_id, outcome from attempts"):
        attempts.setdefault(batch_id, []).append((attempt_id, outcome))
    found = []
    for file_id, path in office.rows("select file_id, path from files"):
        rows = pq.read_table(office.home.root / path).to_pylist()
        batches = office.rows("select batch_id, row_ranges, state from batches where file_id = ?", file_id)
        held = [(number, json.loads(ranges), state) for number, ranges, state in batches]
        for row in rows:
            mine = [batch for batch in held if any(a <= row["row_number"] < b for a, b in batch[1])]
            tried = sorted(attempt for number, _, _ in mine for attempt in attempts.get(number, []))
            override = newest.get((file_id, row["row_number"]))
            for _, _, state in mine:
                if state != "split":
                    outcomes = [outcome for _, outcome in tried]
                    found.append(Enrolled(row, override or state, override is not None, outcomes))
    return found


def violations(chain: Chain, book: Book, *, at_rest: bool = True) -> list[str]:
    """One sentence per contradiction. ``at_rest``: everything has been delivered, so nothing may wait any more, and
    Waybill's own sums are asked too."""
    ledger = enrolled(chain) if has_tables(chain) else []
    booked: dict[str | None, list[BookedEvent]] = {}
    for event in book.events():
        booked.setdefault(event.event_id, []).append(event)
    requests = sum(request.dataset is not None and request.events > 0 for request in book.requests())
    ((attempts,),) = chain.office.rows("select count(*) from attempts") if has_tables(chain) else ((0,),)
    found = [f"{requests} requests on the wire and {attempts} intents"] if requests > attempts else []
    found += _identity(chain, ledger, booked, at_rest=at_rest)
    found += _counted_twice(book)
    for one in ledger:
        found += [f"{one.row['event_id']}: {text}" for text in _of_event(one, booked.get(one.row["event_id"], []))]
        if at_rest and one.state not in (*ENDS, "unknown"):
            found.append(f"{one.row['event_id']}: is {one.state} at rest")
    return found + (_own_sums(chain, ledger, booked) if at_rest else [])


def _identity(
    chain: Chain, ledger: list[Enrolled], booked: dict[str | None, list[BookedEvent]], *, at_rest: bool
) -> list[str]:
    """Candidates, enrolled events and booked events are the same ones."""
    known = Counter(one.row["event_id"] for one in ledger)
    wanted = {event.id for event in chain.events}
    found = [f"{name}: held by {times} leaf batches" for name, times in known.items() if times != 1]
    found += [f"{name}: enrolled and no candidate" for name in known.keys() - wanted]
    found += [f"{name}: in the book and not enrolled" for name in booked.keys() - known.keys()]
    if at_rest:
        found += [f"{name}: a candidate that was never enrolled" for name in sorted(wanted - known.keys())]
    return found


def _counted_twice(book: Book) -> list[str]:
    """What a platform that merges repeats counts more than once: a repeat came when it had forgotten the first copy."""
    counted = Counter(event.event_id for event in book.counted("merged"))
    return [f"{name}: counted {times} times by a platform that merges" for name, times in counted.items() if times > 1]


def _of_event(one: Enrolled, copies: list[BookedEvent]) -> list[str]:
    found = []
    if copies and one.state not in ("accepted", "unknown", "sending") and not one.unanswered:
        found.append(f"is in the book and {one.state} in the ledger, without an unknown attempt")
    if one.state == "accepted" and not copies:
        found.append("is accepted in the ledger and not in the book")
    answered = one.outcomes.count("accepted") if not one.has_exception else 0
    if len(copies) > answered + one.unanswered:
        found.append(f"is in the book {len(copies)} times, with the attempts {one.outcomes}: an invisible duplicate")
    if not one.has_exception and "accepted" in one.outcomes[:-1]:
        found.append(f"was sent again after a known answer: {one.outcomes}")
    if one.state == "accepted" and one.outcomes[-1:] != ["accepted"]:
        found.append(f"is accepted, with the attempts {one.outcomes}")
    digest = hashlib.sha256(one.row["payload"].encode()).hexdigest()
    if {copy.sha256 for copy in copies} - {digest}:
        found.append("came with other bytes than were frozen")
    if any(_moment(copy.received_at) >= one.row["expires_at"].astimezone(UTC) for copy in copies):
        found.append("arrived after it had expired")
    return found


def _own_sums(chain: Chain, ledger: list[Enrolled], booked: dict[str | None, list[BookedEvent]]) -> list[str]:
    """What Waybill says of itself must hold, and must be what the files say."""
    (told,) = balance(chain.office.settings)
    found = [f"balance: {text}" for text in told.breaks]
    found += [f"audit: {text}" for text in audit(chain.office.settings)]
    counted = Counter(one.state for one in ledger)
    waiting = {event.id for event in chain.events} - {one.row["event_id"] for one in ledger}
    counted["pending"] += len(waiting)
    words = {word: count for word, count in told.words.items() if count}
    if words != {word: count for word, count in counted.items() if count}:
        found.append(f"balance says {words}, the files say {dict(counted)}")
    twice = sum(len(copies) > 1 for copies in booked.values())
    if told.possibly_twice < twice:
        found.append(f"{twice} events are in the book more than once, and the balance says {told.possibly_twice}")
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
