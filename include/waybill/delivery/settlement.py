"""What an outcome does to the ledger. Each function writes inside the caller's transaction.

A batch is never re-cut in place: it becomes ``split`` and its children are inserted, which together hold its rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from waybill.delivery import isolation, late, queries, records, schema
from waybill.delivery.leases import as_known, taken_away
from waybill.delivery.payloads import FrozenRow, moment
from waybill.delivery.queries import BatchRow
from waybill.delivery.ranges import Ranges
from waybill.destinations.base import Accepted, Outcome, Partial, Refused, Unknown


@dataclass(frozen=True)
class Settled:
    """What came of an attempt: the events that ended, and the batches that wait again (itself, or its children).

    ``is_late``: nothing, because the batch had been taken away before the answer came.
    """

    accepted: Sequence[FrozenRow] = ()
    rejected: int = 0
    waiting: list[BatchRow] = field(default_factory=list)
    is_late: bool = False


@dataclass(frozen=True)
class _Part:
    """A child of a split batch: which rows it holds, which of them were sent, and how it ends."""

    held: Ranges
    sent: Sequence[FrozenRow]
    state: str
    reason: str | None = None


def settle(
    connection: Connection,
    batch: BatchRow,
    rows: Sequence[FrozenRow],
    attempt_id: int,
    outcome: Outcome,
    now: datetime,
    not_before: datetime | None,
    *,
    keep: bool = False,
) -> Settled:
    """Records an outcome and moves the batch on; ``keep`` puts back a refused batch of one, which is then doubted.

    ``not_before`` is when the next run may try again what was not answered. Only the token decides whether the batch
    is still ours: a lease that ran out while nobody took the batch is no reason to throw a known answer away.
    """
    if not queries.is_unchanged(connection, batch):
        late.record_answer(connection, attempt_id, outcome)
        return Settled(is_late=True)
    rejects = isinstance(outcome, Refused) and len(rows) == 1 and not keep
    for row, state, reason in late.withdrawn_meanwhile(connection, batch, rows, outcome, rejects=rejects):
        records.append_exception(connection, batch, row, state, reason, attempt_id, now)
    records.end_attempt(connection, attempt_id, outcome.name, outcome.reason, outcome.receipt, now)
    if isinstance(outcome, Accepted):
        finish(connection, batch, "accepted", None, now)
        return Settled(accepted=rows)
    if isinstance(outcome, Partial):
        return _settle_partial(connection, batch, rows, attempt_id, outcome, now)
    if isinstance(outcome, Refused) and len(rows) > 1:
        numbers = [row.row_number for row in rows]
        parts = [
            _Part(held, [row for row in rows if held[0][0] <= row.row_number < held[-1][1]], batch.waiting_state)
            for held in isolation.halves(batch.row_ranges, numbers)
        ]
        return Settled(waiting=_split(connection, batch, outcome.reason, parts, now))
    if isinstance(outcome, Refused) and not keep:
        records.append_exception(connection, batch, rows[0], "rejected", outcome.reason, attempt_id, now)
        finish(connection, batch, "rejected", outcome.reason, now)
        return Settled(rejected=1)
    return Settled(waiting=[put_back(connection, batch, not_before, lost=isinstance(outcome, Unknown))])


def _settle_partial(
    connection: Connection,
    batch: BatchRow,
    rows: Sequence[FrozenRow],
    attempt_id: int,
    outcome: Partial,
    now: datetime,
) -> Settled:
    accepted = [row for place, row in enumerate(rows) if place not in outcome.rejected and place not in outcome.retry]
    groups: list[tuple[list[FrozenRow], str, str | None]] = [
        (accepted, "accepted", None),
        ([rows[place] for place in sorted(outcome.retry)], batch.waiting_state, None),
        *(([rows[place]], "rejected", outcome.rejected[place]) for place in sorted(outcome.rejected)),
    ]
    groups = [group for group in groups if group[0]]
    held = isolation.apart(batch.row_ranges, [[row.row_number for row in group[0]] for group in groups])
    parts = [_Part(part, *group) for part, group in zip(held, groups, strict=True)]
    waiting = _split(connection, batch, outcome.reason, parts, now, attempt_id)
    return Settled(accepted=accepted, rejected=len(outcome.rejected), waiting=waiting)


def _split(
    connection: Connection,
    batch: BatchRow,
    reason: str,
    parts: Sequence[_Part],
    now: datetime,
    attempt_id: int | None = None,
) -> list[BatchRow]:
    """Replaces a batch with children; returns those that wait."""
    finish(connection, batch, "split", reason, now)
    waiting = []
    for part in parts:
        ended = part.state not in queries.WAITING
        child = records.insert_child(
            connection,
            batch,
            part.held,
            state=part.state,
            reason=part.reason,
            expires_at=moment(min(row.expires_at for row in part.sent)),
            unknown_since=batch.unknown_since,
            settled_at=now if ended else None,
        )
        if part.state == "rejected":
            records.append_exception(connection, child, part.sent[0], "rejected", part.reason or "", attempt_id, now)
        if not ended:
            waiting.append(child)
    return waiting


def finish(connection: Connection, batch: BatchRow, state: str, reason: str | None, now: datetime) -> None:
    """Gives a batch an end that no longer changes."""
    _update(connection, batch, state=state, reason=reason, settled_at=now, not_before=None)


def put_back(
    connection: Connection, batch: BatchRow, not_before: datetime | None, *, lost: bool, take_away: bool = False
) -> BatchRow:
    """Lets a batch wait again; ``lost`` when the answer to its attempt is, which makes it unknown from then on.

    ``take_away`` fences off whoever is still sending it.
    """
    since = batch.unknown_since
    if lost and since is None:
        since = batch.claimed_at
    state = "pending" if since is None else "unknown"
    values = {"state": state, "reason": None, "unknown_since": since, "not_before": not_before}
    _update(connection, batch, lease_token=batch.lease_token + int(take_away), **values)
    return queries.batch(connection, batch.batch_id)


def hold(connection: Connection, batch: BatchRow, reason: str) -> None:
    """Leaves an unknown batch to a person."""
    _update(connection, batch, reason=reason, not_before=None)


def settle_files(connection: Connection, destination: str, now: datetime) -> None:
    """Marks the files in which nothing waits any more, and nothing is unknown."""
    files, batches, newest = schema.files, schema.batches, schema.exceptions
    newer = newest.alias("newer")
    waits = exists().where(batches.c.file_id == files.c.file_id, batches.c.state.in_((*queries.WAITING, "sending")))
    superseded = exists().where(
        newer.c.file_id == newest.c.file_id,
        newer.c.row_number == newest.c.row_number,
        newer.c.exception_id > newest.c.exception_id,
    )
    unknown = exists(
        select(newest.c.exception_id).where(
            newest.c.file_id == files.c.file_id, newest.c.state == "unknown", ~superseded
        )
    )
    connection.execute(
        update(files)
        .where(files.c.destination == destination, files.c.settled_at.is_(None), ~waits, ~unknown)
        .values(settled_at=now)
    )


def _update(connection: Connection, batch: BatchRow, **values: object) -> None:
    """Changes a batch that is still as it was read, and ends its lease; LedgerConflict when it is not."""
    values = {**values, "lease_owner": None, "lease_until": None}
    if connection.execute(update(schema.batches).where(*as_known(batch)).values(values)).rowcount != 1:
        raise taken_away(batch)
