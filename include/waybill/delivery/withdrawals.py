"""Withdrawals: enrolled events that the newest build no longer finds sendable (consent, cancelled, refunded, …).

Applied once per build, before anything is claimed, whatever the gate says of that build.
"""

import bisect
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, insert, update

from waybill.delivery import queries, schema
from waybill.delivery.queries import HELD
from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict


class Withdrawal(NamedTuple):
    """One row of a withdrawals file."""

    file_id: str
    row_number: int
    dataset: str
    event_name: str
    source_key: str
    event_id: str | None
    reason: str


def read(delta: DeltaFile) -> list[Withdrawal]:
    """The withdrawals beside a delta file; LedgerConflict when they are missing or unreadable."""
    path = delta.withdrawals_path
    try:
        table = pq.read_table(path, columns=list(Withdrawal._fields)).select(Withdrawal._fields)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise LedgerConflict(
            f"The withdrawals {path} are missing or cannot be read ({type(error).__name__}), so nobody can say whose "
            "consent was withdrawn. Run `waybill build`, which writes them anew, before anything is sent."
        ) from error
    return [Withdrawal(*row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]


class Wanted(NamedTuple):
    """What the newest build takes back: ``own`` are its withdrawals, ``overlooked`` those of files that it did not know
    to be enrolled."""

    own: Sequence[Withdrawal] = ()
    overlooked: Sequence[Withdrawal] = ()


def apply(connection: Connection, delta: DeltaFile, wanted: Wanted, now: datetime) -> int:
    """Takes events that wait out of the queue, a build's own withdrawals once; returns how many.

    What may have arrived already (unknown, or being sent by another deliverer) cannot be taken back: it is not repeated
    and stays unknown until an answer says otherwise. What has ended stays as it is.
    """
    table = schema.withdrawals
    withdrawn = _apply(connection, delta, wanted.overlooked, now)
    if queries.withdrawals_applied(connection, delta.destination, delta.build_id):
        here = (table.c.destination == delta.destination, table.c.build_id == delta.build_id)
        connection.execute(update(table).where(*here).values(events=table.c.events + withdrawn))
        return withdrawn
    withdrawn += _apply(connection, delta, wanted.own, now)
    connection.execute(
        insert(table).values(destination=delta.destination, build_id=delta.build_id, applied_at=now, events=withdrawn)
    )
    return withdrawn


def _apply(connection: Connection, delta: DeltaFile, wanted: Sequence[Withdrawal], now: datetime) -> int:
    by_file: dict[str, list[Withdrawal]] = {}
    for withdrawal in wanted:
        by_file.setdefault(withdrawal.file_id, []).append(withdrawal)
    return sum(_apply_to_file(connection, delta, name, rows, now) for name, rows in by_file.items())


def _apply_to_file(
    connection: Connection, delta: DeltaFile, file_id: str, rows: Sequence[Withdrawal], now: datetime
) -> int:
    open_states = (*queries.WAITING, "sending")
    waiting = [batch for batch in queries.leaf_batches(connection, file_id) if batch.state in open_states]
    starts = sorted((start, end, batch) for batch in waiting for start, end in batch.row_ranges)
    overridden = queries.overrides(connection, file_id)
    found = []
    for row in rows:
        place = bisect.bisect_right(starts, row.row_number, key=lambda entry: entry[0]) - 1
        if place < 0 or row.row_number >= starts[place][1] or row.row_number in overridden:
            continue
        batch = starts[place][2]
        state = "withdrawn" if batch.state == "pending" else "unknown"
        found.append(
            {
                "file_id": file_id,
                "batch_id": batch.batch_id,
                "row_number": row.row_number,
                "destination": delta.destination,
                "dataset": batch.dataset,
                "event_name": row.event_name,
                "source_key": row.source_key,
                "event_id": row.event_id,
                "state": state,
                "reason": row.reason if state == "withdrawn" else f"{HELD}{row.reason}",
                "created_at": now,
            }
        )
    if found:
        connection.execute(insert(schema.exceptions), found)
    return sum(row["state"] == "withdrawn" for row in found)
