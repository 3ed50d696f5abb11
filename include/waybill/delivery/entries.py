"""Finding enrolled events by the names that people have for them, and where each of them stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, select

from waybill import delta
from waybill.delivery import queries, ranges, schema, withdrawals
from waybill.delivery.queries import BatchRow
from waybill.home import Home

_FOUND: Final = """
select file_id, row_number, destination, dataset, event_name, source_key, event_id, expires_at
from read_parquet($keys, union_by_name = true)
where
    (event_id = $wanted or source_key = $wanted or split_part(source_key, '/', 3) = $escaped)
    and ($destination is null or destination = $destination)
order by destination, file_id, row_number
"""

_NAMED: Final = """
select file_id, row_number, destination, dataset, event_name, source_key, event_id, expires_at
from read_parquet($keys, union_by_name = true)
semi join wanted using (file_id, row_number)
order by destination, file_id, row_number
"""

_TAKEN_BACK: Final = """
select newest.event_name, newest.source_key
from (
    from read_parquet($candidates, union_by_name = true)
    qualify row_number() over (partition by event_kind, source_key order by build_seq desc) = 1
) as newest
semi join wanted using (event_name, source_key)
group by newest.event_name, newest.source_key
having count(*) filter (where verdict = 'sendable' and not removed) = 0
"""


class Entry(NamedTuple):
    """An enrolled event, as its keys tell of it."""

    file_id: str
    row_number: int
    destination: str
    dataset: str
    event_name: str
    source_key: str
    event_id: str | None
    expires_at: datetime


@dataclass(frozen=True)
class Standing:
    """An enrolled event, the leaf batch that holds it, and its state; ``reason`` of its newest exception, else of the
    batch."""

    entry: Entry
    batch: BatchRow
    state: str
    reason: str


def find(home: Home, wanted: str, destination: str | None) -> list[Entry]:
    """The enrolled events of an order or lead, or of one source key or event_id."""
    escaped = wanted.replace("%", "%25").replace("/", "%2F")
    return _entries(home, _FOUND, wanted=wanted, escaped=escaped, destination=destination)


def standing(connection: Connection, entries: Sequence[Entry]) -> list[Standing]:
    """Where these events stand in the ledger."""
    found: list[Standing] = []
    for file_id in dict.fromkeys(entry.file_id for entry in entries):
        newest = _newest(connection, file_id)
        holder = {
            row: batch for batch in queries.leaf_batches(connection, file_id) for row in ranges.rows(batch.row_ranges)
        }
        for entry in entries:
            if entry.file_id == file_id:
                batch = holder[entry.row_number]
                state, reason = newest.get(entry.row_number, (batch.state, batch.reason or ""))
                found.append(Standing(entry, batch, state, reason))
    return found


def unknown(home: Home, connection: Connection, destination: str) -> list[Standing]:
    """Every event of a destination that is unknown."""
    wanted: list[tuple[str, int]] = []
    for file in queries.files(connection, destination):
        if file.settled_at is not None:
            continue
        newest = _newest(connection, file.file_id)
        for batch in queries.leaf_batches(connection, file.file_id):
            rows = ranges.rows(batch.row_ranges)
            wanted += [(file.file_id, row) for row in rows if newest.get(row, (batch.state, ""))[0] == "unknown"]
    return standing(connection, _entries(home, _NAMED, wanted=wanted))


def taken_back(home: Home, entries: Sequence[Entry]) -> dict[Entry, str]:
    """Which of these events the newest build no longer finds sendable, and why: consent, cancelled, refunded, …"""
    found: dict[Entry, str] = {}
    for destination in dict.fromkeys(entry.destination for entry in entries):
        own = [entry for entry in entries if entry.destination == destination]
        gone = _no_longer_sendable(home, destination, own)
        found |= {entry: "no longer sendable" for entry in own if (entry.event_name, entry.source_key) in gone}
        newest = delta.newest(home, destination)
        if newest is not None:
            reasons = {(row.file_id, row.row_number): row.reason for row in withdrawals.read(newest)}
            found |= {entry: reasons[entry[:2]] for entry in own if entry[:2] in reasons}
    return found


def _newest(connection: Connection, file_id: str) -> dict[int, tuple[str, str]]:
    """Row number → state and reason of its newest exception; not for rows that were given back to their batch."""
    table = schema.exceptions
    query = (
        select(table.c.row_number, table.c.state, table.c.reason)
        .where(table.c.file_id == file_id)
        .order_by(table.c.exception_id)
    )
    newest = {row.row_number: (row.state, row.reason) for row in connection.execute(query)}
    return {row: told for row, told in newest.items() if told[0] != "pending"}


def _no_longer_sendable(home: Home, destination: str, entries: Iterable[Entry]) -> set[tuple[str, str]]:
    folder = home.published / "candidates" / destination
    if not any(folder.glob("*.parquet")):
        return set()
    with duckdb.connect() as books:
        names = [(entry.event_name, entry.source_key) for entry in entries]
        _register(books, event_name=[name for name, _ in names], source_key=[key for _, key in names])
        return {
            (row[0], row[1]) for row in books.execute(_TAKEN_BACK, {"candidates": f"{folder}/*.parquet"}).fetchall()
        }


def _entries(home: Home, query: str, wanted: Any, **parameters: Any) -> list[Entry]:
    keys = str(home.published / "delivery" / "keys" / "*" / "*.parquet")
    with duckdb.connect() as books:
        books.execute("set TimeZone = 'UTC'")
        if isinstance(wanted, list):
            _register(books, file_id=[file_id for file_id, _ in wanted], row_number=[row for _, row in wanted])
        else:
            parameters["wanted"] = wanted
        return [Entry(*row) for row in books.execute(query, {"keys": keys, **parameters}).fetchall()]


def _register(books: duckdb.DuckDBPyConnection, **columns: list[Any]) -> None:
    kinds = {name: pa.int64() if name == "row_number" else pa.string() for name in columns}
    books.register("wanted", pa.table({name: pa.array(values, type=kinds[name]) for name, values in columns.items()}))
