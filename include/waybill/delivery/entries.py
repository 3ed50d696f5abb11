"""Finding enrolled events by the names that people have for them, and where each of them stands."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, select

from waybill import delta
from waybill.delivery import keyfiles, queries, ranges, schema, withdrawals
from waybill.delivery.queries import BatchRow, FileRow
from waybill.delivery.withdrawals import Wanted, Withdrawal
from waybill.delta import DeltaFile
from waybill.events import ERASED, key_in_source_key
from waybill.home import Home

_ENTRIES: Final = """
select
    file_id, row_number, destination, dataset, event_name, source_key, event_id, occurred_at, expires_at,
    payload_digest,
from {keys} as keys
{which}
order by destination, file_id, row_number
"""

_FOUND: Final = """where
    (event_id = $wanted or source_key = $wanted or split_part(source_key, '/', 3) = $key)
    and ($destination is null or destination = $destination)"""
_NAMED: Final = "semi join wanted using (file_id, row_number)"
_OF_FILES: Final = "where file_id in (select unnest($files))"
_OF_SOURCE_KEYS: Final = "where source_key in (select unnest($source_keys))"

_TAKEN_BACK: Final = """
select
    newest.event_name, newest.source_key,
    count(*) filter (where newest.verdict = 'sendable' and not newest.removed) = 0 as is_gone,
from (
    from read_parquet($candidates, union_by_name = true)
    qualify row_number() over (partition by event_kind, source_key order by build_seq desc) = 1
) as newest
inner join wanted using (event_name, source_key)
group by newest.event_name, newest.source_key
having
    is_gone
    or ($as_frozen and count(*) filter (where newest.payload_digest = wanted.payload_digest) = 0)
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
    occurred_at: datetime
    expires_at: datetime
    payload_digest: str

    @property
    def place(self) -> tuple[str, int]:
        return self.file_id, self.row_number

    @property
    def is_erased(self) -> bool:
        """Whether its person was erased: it is counted, and nothing is left that could be sent."""
        return self.source_key.startswith(f"{ERASED}/")

    @property
    def identity(self) -> tuple[str, str]:
        return self.event_name, self.source_key


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
    return _entries(home, _FOUND, wanted=wanted, key=key_in_source_key(wanted), destination=destination)


def of_source_keys(home: Home, source_keys: Sequence[str]) -> list[Entry]:
    """The enrolled events of these source keys."""
    return _entries(home, _OF_SOURCE_KEYS, wanted=None, source_keys=list(source_keys))


def standing(connection: Connection, entries: Sequence[Entry]) -> list[Standing]:
    """Where these events stand in the ledger."""
    found: list[Standing] = []
    for file_id in dict.fromkeys(entry.file_id for entry in entries):
        newest = queries.newest_exceptions(connection, file_id)
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
    return _open(home, connection, destination, ("unknown",))


def waiting(home: Home, connection: Connection, destination: str, dataset: str | None) -> list[Standing]:
    """Every event of a destination, or of one of its datasets, that waits to be sent or may have arrived."""
    return _open(home, connection, destination, queries.WAITING, dataset)


def _open(
    home: Home, connection: Connection, destination: str, states: Collection[str], dataset: str | None = None
) -> list[Standing]:
    wanted: list[tuple[str, int]] = []
    for file in queries.files(connection, destination):
        if file.settled_at is not None:
            continue
        own = queries.overrides(connection, file.file_id)
        for batch in queries.leaf_batches(connection, file.file_id):
            if dataset in (None, batch.dataset):
                rows = ranges.rows(batch.row_ranges)
                wanted += [(file.file_id, row) for row in rows if own.get(row, batch.state) in states]
    return standing(connection, _entries(home, _NAMED, wanted=wanted))


def rejected(home: Home, connection: Connection, destination: str) -> list[Standing]:
    """Every event of a destination that is rejected; each has an exception that says so."""
    table = schema.exceptions
    query = select(table.c.file_id).where(table.c.destination == destination, table.c.state == "rejected").distinct()
    files = [str(found.file_id) for found in connection.execute(query)]
    wanted = [
        (file_id, row)
        for file_id in files
        for row, state in queries.overrides(connection, file_id).items()
        if state == "rejected"
    ]
    return standing(connection, _entries(home, _NAMED, wanted=wanted))


def taken_back(home: Home, entries: Sequence[Entry], *, as_frozen: bool = False) -> dict[Entry, str]:
    """Which of these events the newest build no longer finds sendable, and why: consent, cancelled, refunded, …

    ``as_frozen``: also those that it would tell differently, because a limit that a person has set since may be what
    differs. A build takes such events back itself, but only from files in which something still waits.
    """
    found = {entry: "its person was erased" for entry in entries if entry.is_erased}
    for destination in dict.fromkeys(entry.destination for entry in entries):
        own = [entry for entry in entries if entry.destination == destination]
        gone = _no_longer_sendable(home, destination, own, as_frozen=as_frozen)
        found |= {entry: gone[entry.identity] for entry in own if entry.identity in gone}
        newest = delta.newest(home, destination)
        if newest is not None:
            reasons = {(row.file_id, row.row_number): row.reason for row in withdrawals.read(newest)}
            found |= {entry: reasons[entry.place] for entry in own if entry.place in reasons}
    return found


def wanted_back(home: Home, newest: DeltaFile, enrolled: Sequence[FileRow]) -> Wanted:
    """What the newest build takes back (``enrolled``: the destination's chain).

    A build's own withdrawals are of the files that were enrolled when it wrote them. One that was enrolled since, while
    the build was still at work or because a person opened an older file, is held against its verdicts here.
    """
    own = withdrawals.read(newest)
    chain = [file.file_id for file in enrolled]
    since = enrolled[chain.index(newest.after) + 1 :] if newest.after in chain else enrolled
    files = [file.file_id for file in since if file.settled_at is None and file.file_id != newest.file_id]
    if not files:
        return Wanted(own)
    gone = taken_back(home, _entries(home, _OF_FILES, wanted=None, files=files))
    overlooked = [
        Withdrawal(
            entry.file_id, entry.row_number, entry.dataset, entry.event_name, entry.source_key, entry.event_id, reason
        )
        for entry, reason in gone.items()
    ]
    return Wanted(own, overlooked)


def _no_longer_sendable(
    home: Home, destination: str, entries: Iterable[Entry], *, as_frozen: bool
) -> dict[tuple[str, str], str]:
    """Event name and source key → what is against sending it."""
    folder = home.published / "candidates" / destination
    if not any(folder.glob("*.parquet")):
        return {}
    with duckdb.connect() as books:
        named = [(entry.event_name, entry.source_key, entry.payload_digest) for entry in entries]
        names, keys, digests = (list(column) for column in zip(*named, strict=True))
        _register(books, event_name=names, source_key=keys, payload_digest=digests)
        parameters = {"candidates": f"{folder}/*.parquet", "as_frozen": as_frozen}
        rows = books.execute(_TAKEN_BACK, parameters).fetchall()
    return {(row[0], row[1]): "no longer sendable" if row[2] else "it has changed since it was frozen" for row in rows}


def _entries(home: Home, which: str, wanted: Any, **parameters: Any) -> list[Entry]:
    query = _ENTRIES.format(keys=keyfiles.standing(home), which=which)
    with duckdb.connect() as books:
        books.execute("set TimeZone = 'UTC'")
        if isinstance(wanted, list):
            _register(books, file_id=[file_id for file_id, _ in wanted], row_number=[row for _, row in wanted])
        elif wanted is not None:
            parameters["wanted"] = wanted
        return [Entry(*row) for row in books.execute(query, parameters).fetchall()]


def _register(books: duckdb.DuckDBPyConnection, **columns: list[Any]) -> None:
    kinds = {name: pa.int64() if name == "row_number" else pa.string() for name in columns}
    books.register("wanted", pa.table({name: pa.array(values, type=kinds[name]) for name, values in columns.items()}))
