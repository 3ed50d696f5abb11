"""Withdrawals: enrolled events that the newest build no longer finds sendable (consent, cancelled, refunded, …).

Applied once per build, before anything is claimed, whatever the gate says of that build.
"""

import bisect
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, insert, update

from waybill.delivery import keyfiles, queries, schema
from waybill.delivery.queries import HELD
from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict
from waybill.files import written_aside

_ROWS: Final = """
select file_id, row_number, destination, dataset, event_name, source_key, event_id, reason
from {relation}
order by file_id, row_number
"""

# Of every column, and independent of the order of rows.
_DIGEST: Final = """
select count(*), coalesce(bit_xor(md5_number(concat_ws(
    chr(31), file_id, row_number, coalesce(destination, chr(0)), coalesce(dataset, chr(0)),
    coalesce(event_name, chr(0)), coalesce(source_key, chr(0)), coalesce(event_id, chr(0)), coalesce(reason, chr(0))
))), 0)
from {relation}
"""

_UNREADABLE: Final = (OSError, pa.ArrowException, duckdb.Error, KeyError, UnicodeDecodeError)


class Withdrawal(NamedTuple):
    """One row of a withdrawals file."""

    file_id: str
    row_number: int
    dataset: str
    event_name: str
    source_key: str
    event_id: str | None
    reason: str


_READ: Final = pa.schema([(name, pa.int64() if name == "row_number" else pa.string()) for name in Withdrawal._fields])
"""The kinds of the columns: a damaged file may name others for the same bytes."""


def write(connection: duckdb.DuckDBPyConnection, relation: str, path: Path, *, is_whole: bool = True) -> None:
    """Writes the rows of ``relation`` as withdrawals that carry a digest of their rows.

    ``is_whole`` is False for what is made of a damaged file: nobody shall take it for one that is not.
    """
    digest = _digest_of(connection, relation) if is_whole else keyfiles.DAMAGED
    with written_aside(path) as aside:
        connection.execute(
            f"copy ({_ROWS.format(relation=relation)}) to ? "
            f"(format parquet, kv_metadata {{waybill_withdrawals: '{digest}'}})",
            [str(aside)],
        )


def read(delta: DeltaFile) -> list[Withdrawal]:
    """The withdrawals beside a delta file; LedgerConflict when they are missing, unreadable or not as written."""
    path = delta.withdrawals_path
    try:
        table = pq.read_table(path)
        if _is_as_written(table):
            columns = table.select(_READ.names).cast(_READ).columns
            return [Withdrawal(*row) for row in zip(*(column.to_pylist() for column in columns), strict=True)]
    except _UNREADABLE as error:
        raise _conflict(path, f"are missing or cannot be read ({type(error).__name__})") from error
    raise _conflict(path, "are not the rows that were written there")


def is_whole(path: Path) -> bool:
    """Whether a file of withdrawals can be read and holds the rows that were written."""
    try:
        return _is_as_written(pq.read_table(path))
    except _UNREADABLE:
        return False


def _is_as_written(table: pa.Table) -> bool:
    """A file that was written before there were digests carries none, and is only read."""
    said = (table.schema.metadata or {}).get(b"waybill_withdrawals")
    if said is None:
        return True
    with duckdb.connect() as connection:
        connection.register("withdrawals", table)
        return _digest_of(connection, "withdrawals").encode() == bytes(said)


def _digest_of(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    [(rows, added_up)] = connection.execute(_DIGEST.format(relation=relation)).fetchall()
    return f"{rows} {added_up:032x}"


def _conflict(path: Path, what: str) -> LedgerConflict:
    return LedgerConflict(
        f"The withdrawals {path} {what}, so nobody can say whose consent was withdrawn. Run `waybill build`, which "
        "writes them anew, before anything is sent."
    )


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
