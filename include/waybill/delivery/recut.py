"""Giving single events another state because a person says so.

As everywhere in the ledger, a batch never changes its rows: it becomes ``split``, its children hold its rows, and what
was answered stays with the one that was sent. An exception for each event says who decided and why.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, update

from waybill.delivery import queries, ranges, records, schema, settlement
from waybill.delivery.entries import Standing
from waybill.delivery.queries import BatchRow
from waybill.delivery.ranges import Ranges
from waybill.events import SETTLED_STATES


@dataclass(frozen=True)
class Change:
    """What becomes of one event: its state from now on, and why."""

    standing: Standing
    state: str
    reason: str


REQUEUE: Final = "requeue"


def apply(connection: Connection, changes: Sequence[Change], verb: str, now: datetime) -> Counter[str]:
    """Moves events into batches of their own and appends an exception for each; returns how many have which state now.

    That is the state of the change, but for what is requeued after an answer was lost: a copy may have arrived, so it
    is unknown again, since then, and repeated only while the platform merges repeats.
    """
    of_batch: dict[int, list[Change]] = {}
    states: Counter[str] = Counter()
    for change in changes:
        of_batch.setdefault(change.standing.batch.batch_id, []).append(change)
    for group in of_batch.values():
        batch = group[0].standing.batch
        moved = _split(connection, batch, group, verb, now)
        for change in group:
            child, entry = moved[change.state], change.standing.entry
            states[child.state] += 1
            records.append_exception(connection, child, entry, change.state, change.reason, None, now)
    for file_id in {change.standing.entry.file_id for change in changes if change.state == "pending"}:
        connection.execute(update(schema.files).where(schema.files.c.file_id == file_id).values(settled_at=None))
    for destination in {change.standing.entry.destination for change in changes}:
        settlement.settle_files(connection, destination, now)
    return states


def cut(connection: Connection, batch: BatchRow, at_row: int, reason: str, now: datetime) -> BatchRow:
    """Splits a batch that waits before one of its rows; returns the first part, which waits as the second does."""
    settlement.finish(connection, batch, "split", reason, now)
    first, _ = [
        _insert_rest(connection, batch, part, batch.waiting_state, None)
        for part in ranges.cut(batch.row_ranges, at_row)
    ]
    return first


def _split(
    connection: Connection, batch: BatchRow, group: Sequence[Change], verb: str, now: datetime
) -> Mapping[str, BatchRow]:
    """Splits a batch into what is moved, by new state, and the rest, which stays as it is; new state → batch."""
    settlement.finish(connection, batch, "split", verb, now)
    moving = {change.standing.entry.row_number for change in group}
    rest = [row for row in ranges.rows(batch.row_ranges) if row not in moving]
    if rest:
        states = queries.overrides(connection, batch.file_id, within=batch.row_ranges)
        ends = {states.get(row, batch.state) for row in rest}
        # Where each has an end of its own, nothing of them waits any more.
        is_over = batch.state in queries.WAITING and ends <= set(SETTLED_STATES)
        state, settled_at = (min(ends), now) if is_over else (batch.state, batch.settled_at)
        _insert_rest(connection, batch, ranges.of_rows(rest), state, settled_at)
    since = batch.unknown_since if verb == REQUEUE else None
    moved: dict[str, BatchRow] = {}
    for state in dict.fromkeys(change.state for change in group):
        own = [change.standing.entry for change in group if change.state == state]
        moved[state] = records.insert_child(
            connection,
            batch,
            ranges.of_rows(sorted(entry.row_number for entry in own)),
            state="unknown" if state == "pending" and since is not None else state,
            reason=None if state == "pending" else verb,
            expires_at=min(entry.expires_at for entry in own),
            unknown_since=since,
            claimed_at=batch.claimed_at,
            settled_at=now if state in SETTLED_STATES else None,
        )
    return moved


def _insert_rest(
    connection: Connection, batch: BatchRow, held: Ranges, state: str, settled_at: datetime | None
) -> BatchRow:
    """A part of a batch that goes on as the batch did."""
    return records.insert_child(
        connection,
        batch,
        held,
        state=state,
        reason=batch.reason,
        expires_at=batch.expires_at,
        not_before=batch.not_before,
        unknown_since=batch.unknown_since,
        claimed_at=batch.claimed_at,
        settled_at=settled_at,
    )
