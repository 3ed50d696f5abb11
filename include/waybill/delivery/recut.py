"""Giving single events another state because a person says so.

As everywhere in the ledger, a batch never changes its rows: it becomes ``split``, its children hold its rows, and what
was answered stays with the one that was sent. An exception for each event says who decided and why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, update

from waybill.delivery import queries, ranges, schema, settlement
from waybill.delivery.entries import Entry, Standing
from waybill.delivery.queries import BatchRow
from waybill.events import SETTLED_STATES


@dataclass(frozen=True)
class Change:
    """What becomes of one event: its state from now on, and why."""

    standing: Standing
    state: str
    reason: str


def apply(connection: Connection, changes: Sequence[Change], verb: str, now: datetime) -> None:
    """Moves events into batches of their own, which have their new state, and appends an exception for each."""
    of_batch: dict[int, list[Change]] = {}
    for change in changes:
        of_batch.setdefault(change.standing.batch.batch_id, []).append(change)
    for group in of_batch.values():
        batch = group[0].standing.batch
        moved = _split(connection, batch, group, verb, now)
        for change in group:
            append(connection, change, moved[change.state], now)
    for file_id in {change.standing.entry.file_id for change in changes if change.state == "pending"}:
        connection.execute(update(schema.files).where(schema.files.c.file_id == file_id).values(settled_at=None))
    for destination in {change.standing.entry.destination for change in changes}:
        settlement.settle_files(connection, destination, now)


def cut(connection: Connection, batch: BatchRow, at_row: int, reason: str, now: datetime) -> BatchRow:
    """Splits a batch that waits before one of its rows; returns the first part, which waits as the second does."""
    settlement.finish(connection, batch, "split", reason, now)
    first, second = (
        _insert(
            connection,
            batch,
            list(ranges.rows(part)),
            state=batch.waiting_state,
            reason=batch.reason,
            expires_at=batch.expires_at,
            not_before=batch.not_before,
            unknown_since=batch.unknown_since,
        )
        for part in ranges.cut(batch.row_ranges, at_row)
    )
    return queries.batch(connection, min(first, second))


def append(connection: Connection, change: Change, batch_id: int, now: datetime) -> None:
    """Gives one event a state of its own."""
    entry: Entry = change.standing.entry
    values = {name: value for name, value in entry._asdict().items() if name in schema.exceptions.c}
    connection.execute(
        insert(schema.exceptions).values(
            **values, batch_id=batch_id, state=change.state, reason=change.reason, created_at=now
        )
    )


def _split(
    connection: Connection, batch: BatchRow, group: Sequence[Change], verb: str, now: datetime
) -> Mapping[str, int]:
    """Splits a batch into what is moved, by new state, and the rest, which stays as it is; new state → batch_id."""
    settlement.finish(connection, batch, "split", verb, now)
    moving = {change.standing.entry.row_number: change for change in group}
    rest = [row for row in ranges.rows(batch.row_ranges) if row not in moving]
    if rest:
        _insert_rest(connection, batch, rest, now)
    moved: dict[str, int] = {}
    for state in dict.fromkeys(change.state for change in group):
        own = [change.standing.entry for change in group if change.state == state]
        moved[state] = _insert(
            connection,
            batch,
            sorted(entry.row_number for entry in own),
            state=state,
            reason=None if state == "pending" else verb,
            expires_at=min(entry.expires_at for entry in own),
            settled_at=now if state in SETTLED_STATES else None,
        )
    return moved


def _insert_rest(connection: Connection, batch: BatchRow, rest: Sequence[int], now: datetime) -> None:
    """The rows that nobody moved; where each has an end of its own, nothing of them waits any more."""
    overrides = queries.overrides(connection, batch.file_id)
    states = {overrides.get(row, batch.state) for row in rest}
    is_over = batch.state in queries.WAITING and all(state in SETTLED_STATES for state in states)
    _insert(
        connection,
        batch,
        rest,
        state=min(states) if is_over else batch.state,
        reason=batch.reason,
        expires_at=batch.expires_at,
        not_before=batch.not_before,
        unknown_since=batch.unknown_since,
        settled_at=now if is_over else batch.settled_at,
    )


def _insert(connection: Connection, batch: BatchRow, rows: Sequence[int], **values: object) -> int:
    held = ranges.of_rows(rows)
    query = insert(schema.batches).values(
        file_id=batch.file_id,
        destination=batch.destination,
        dataset=batch.dataset,
        row_ranges=held,
        events=ranges.count(held),
        attempts=0,
        first_attempt_at=batch.first_attempt_at,
        claimed_at=batch.claimed_at,
        parent_batch_id=batch.batch_id,
        **values,
    )
    return int(connection.execute(query.returning(schema.batches.c.batch_id)).scalar_one())
