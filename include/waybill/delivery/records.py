"""What is appended to the ledger: attempts, exceptions, and batches that take over the rows of one that was split.

Each function writes inside the caller's transaction.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, Table, insert, update

from waybill.delivery import queries, ranges, schema
from waybill.delivery.queries import BatchRow
from waybill.delivery.ranges import Ranges
from waybill.destinations.base import Receipt


class Named(Protocol):
    """An event by its names: a frozen row, or what is known of an enrolled one."""

    @property
    def row_number(self) -> int: ...

    @property
    def event_name(self) -> str: ...

    @property
    def source_key(self) -> str: ...

    @property
    def event_id(self) -> str | None: ...


def insert_child(connection: Connection, parent: BatchRow, held: Ranges, **values: object) -> BatchRow:
    """A batch that takes over rows of one that was split; it was not sent itself yet."""
    key = _insert(
        connection,
        schema.batches,
        file_id=parent.file_id,
        destination=parent.destination,
        dataset=parent.dataset,
        row_ranges=held,
        events=ranges.count(held),
        attempts=0,
        first_attempt_at=parent.first_attempt_at,
        parent_batch_id=parent.batch_id,
        **values,
    )
    return queries.batch(connection, key)


def begin_attempt(connection: Connection, batch_id: int, now: datetime) -> int:
    """The intent: committed by the caller before a byte leaves."""
    return _insert(connection, schema.attempts, batch_id=batch_id, started_at=now)


def end_attempt(
    connection: Connection, attempt_id: int, outcome: str, reason: str, receipt: Receipt, now: datetime
) -> None:
    """The receipt."""
    table = schema.attempts
    values = {**asdict(receipt), "outcome": outcome, "reason": reason or None, "ended_at": now}
    connection.execute(update(table).where(table.c.attempt_id == attempt_id).values(values))


def append_exception(
    connection: Connection,
    batch: BatchRow,
    row: Named,
    state: str,
    reason: str,
    attempt_id: int | None,
    now: datetime,
) -> None:
    """Gives one row of a batch a state of its own."""
    connection.execute(
        insert(schema.exceptions).values(
            file_id=batch.file_id,
            batch_id=batch.batch_id,
            row_number=row.row_number,
            destination=batch.destination,
            dataset=batch.dataset,
            event_name=row.event_name,
            source_key=row.source_key,
            event_id=row.event_id,
            state=state,
            reason=reason,
            attempt_id=attempt_id,
            created_at=now,
        )
    )


def _insert(connection: Connection, table: Table, **values: object) -> int:
    """Inserts one row and returns its number."""
    return int(connection.execute(insert(table).values(values).returning(*table.primary_key)).scalar_one())
