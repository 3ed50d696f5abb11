"""What is read from the ledger, as small named functions inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, select

from waybill.clock import Clock
from waybill.delivery import schema
from waybill.delivery.ranges import Ranges
from waybill.errors import LedgerConflict

WAITING = ("pending", "unknown")
"""States that a batch may be claimed from."""

SKEW: Final = timedelta(minutes=10)
"""How far the clocks of machines that share a ledger may be apart."""

HELD: Final = "held_"
"""How the reason of an unknown batch begins that is never repeated: a person decides (``waybill ledger resolve``)."""


class ExceptionRow(NamedTuple):
    """The state that one row of a file has of its own, and why."""

    state: str
    reason: str

    @property
    def is_held(self) -> bool:
        """Whether it may have arrived and is left to a person."""
        return self.state == "unknown" and self.reason.startswith(HELD)


@dataclass(frozen=True)
class FileRow:
    """An enrolled delta file."""

    file_id: str
    destination: str
    build_id: str
    path: str
    sha256: str
    rows: int
    enrolled_rows: int
    quarantined_rows: int
    frozen_at: datetime
    enrolled_at: datetime
    after_file_id: str
    suite_version: str
    settled_at: datetime | None


@dataclass(frozen=True)
class BatchRow:
    """A batch as the ledger holds it."""

    batch_id: int
    file_id: str
    destination: str
    dataset: str
    row_ranges: Ranges
    events: int
    state: str
    reason: str | None
    expires_at: datetime
    attempts: int
    not_before: datetime | None
    unknown_since: datetime | None
    first_attempt_at: datetime | None
    parent_batch_id: int | None
    claimed_at: datetime | None
    settled_at: datetime | None
    lease_owner: str | None = None
    lease_token: int = 0
    lease_until: datetime | None = None

    @property
    def waiting_state(self) -> str:
        """What it is while it waits: once an answer was lost, it stays unknown until there is one."""
        return "pending" if self.unknown_since is None else "unknown"

    def is_resting(self, clock: Clock) -> bool:
        """Whether it failed a little ago, and the next run is not to try it yet.

        Where the clock stands still nothing is ever later, so nothing rests. What was claimed in the future was claimed
        by a clock that was put right since, and so was its rest.
        """
        if self.not_before is None or clock.fixed_at is not None:
            return False
        now = clock.now()
        return self.not_before > now and (self.claimed_at is None or self.claimed_at <= now + SKEW)

    def is_left(self, on_unknown: str) -> bool:
        """Whether it may have arrived and is left to a person, as the setting says or for its reason."""
        return self.state != "pending" and (on_unknown == "hold" or (self.reason or "").startswith(HELD))


def files(connection: Connection, destination: str | None = None) -> list[FileRow]:
    """Enrolled files in the order of their chains; LedgerConflict when a chain is broken."""
    query = select(schema.files)
    if destination is not None:
        query = query.where(schema.files.c.destination == destination)
    rows = [FileRow(**row._mapping) for row in connection.execute(query)]
    chained: list[FileRow] = []
    for name in sorted({row.destination for row in rows}):
        next_of = {row.after_file_id: row for row in rows if row.destination == name}
        tip = ""
        while tip in next_of:
            file = next_of.pop(tip)
            chained.append(file)
            tip = file.file_id
        if next_of:
            raise LedgerConflict(
                f"The ledger's chain of files for {name!r} is broken after {tip or 'its beginning'!r}: "
                f"{', '.join(row.file_id for row in next_of.values())} hang on a file that it does not hold. "
                "Restore the ledger from a backup."
            )
    return chained


def leaf_batches(connection: Connection, file_id: str) -> list[BatchRow]:
    """The batches that hold a file's enrolled rows, each row once."""
    table = schema.batches
    query = select(table).where(table.c.file_id == file_id, table.c.state != "split").order_by(table.c.batch_id)
    return [BatchRow(**row._mapping) for row in connection.execute(query)]


def batches_in(connection: Connection, destination: str, *states: str) -> list[BatchRow]:
    """A destination's batches in these states, the soonest expiry first."""
    table = schema.batches
    query = (
        select(table)
        .where(table.c.destination == destination, table.c.state.in_(states))
        .order_by(table.c.expires_at, table.c.batch_id)
    )
    return [BatchRow(**row._mapping) for row in connection.execute(query)]


def batch(connection: Connection, batch_id: int) -> BatchRow:
    row = connection.execute(select(schema.batches).where(schema.batches.c.batch_id == batch_id)).one()
    return BatchRow(**row._mapping)


def newest_exceptions(connection: Connection, file_id: str, within: Ranges | None = None) -> dict[int, ExceptionRow]:
    """Row number → its newest exception, for rows that have one.

    An exception ``pending`` gives a row back to its batch (a person lets it be sent again), so it is not among them.
    ``within`` looks only between the first and the last of these rows.
    """
    table = schema.exceptions
    query = (
        select(table.c.row_number, table.c.state, table.c.reason)
        .where(table.c.file_id == file_id)
        .order_by(table.c.exception_id)
    )
    if within:
        query = query.where(table.c.row_number >= within[0][0], table.c.row_number < within[-1][1])
    newest = {row.row_number: ExceptionRow(row.state, row.reason) for row in connection.execute(query)}
    return {row: exception for row, exception in newest.items() if exception.state != "pending"}


def overrides(connection: Connection, file_id: str, within: Ranges | None = None) -> dict[int, str]:
    """Row number → the state that its newest exception gives it."""
    return {row: exception.state for row, exception in newest_exceptions(connection, file_id, within).items()}


def is_unchanged(connection: Connection, known: BatchRow) -> bool:
    """Whether a batch is still as it was read: not claimed, settled or decided on since."""
    now = batch(connection, known.batch_id)
    return (now.state, now.lease_token, now.reason) == (known.state, known.lease_token, known.reason)


def withdrawals_applied(connection: Connection, destination: str, build_id: str) -> bool:
    """Whether the withdrawals that this build wrote were applied already."""
    table = schema.withdrawals
    query = select(table.c.events).where(table.c.destination == destination, table.c.build_id == build_id)
    return connection.execute(query).first() is not None


def whole(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    """Every row of a table in the order of its key."""
    return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
