"""The keys of what was enrolled, in Parquet: they count for every later freeze, long after a delta file is gone."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from waybill.delivery import payloads, queries
from waybill.delivery.ledger import Ledger
from waybill.delivery.queries import FileRow
from waybill.delivery.ranges import Ranges
from waybill.destinations.registry import REGISTRY
from waybill.files import written_aside
from waybill.home import Home

_COLUMNS: Final = """
    file_id varchar, row_number bigint, destination varchar, dataset varchar, event_kind varchar, event_name varchar,
    source_key varchar, event_id varchar, occurred_at timestamptz, committed_at timestamptz, landed_at timestamptz,
    frozen_at timestamptz, expires_at timestamptz, value decimal(18, 4), currency varchar, payload_digest varchar
"""

_KEYS: Final = """
insert into keys
select
    $file_id, frozen.row_number, $destination, frozen.dataset, frozen.event_kind, frozen.event_name, frozen.source_key,
    frozen.event_id, frozen.occurred_at, frozen.committed_at, frozen.landed_at, frozen.frozen_at, frozen.expires_at,
    frozen.value, frozen.currency, frozen.payload_digest
from read_parquet($delta) as frozen
inner join held on frozen.row_number >= held.first and frozen.row_number < held.after
"""


def ensure_keys(home: Home, ledger: Ledger) -> int:
    """Writes the keys of each enrolled file that lacks them; returns how many files were written.

    Every destination also gets a typed empty file, because a reader's glob must find one. Raises LedgerConflict when a
    delta file that is needed for it is missing or damaged.
    """
    files = ledger.enrolled_files()
    for destination in {*REGISTRY, *(file.destination for file in files)}:
        empty = home.published / "delivery" / "keys" / destination / "_empty.parquet"
        if not empty.exists():
            with duckdb.connect() as connection, written_aside(empty) as aside:
                connection.execute(f"create table keys ({_COLUMNS})")
                connection.execute("copy keys to ? (format parquet)", [str(aside)])
    lacking = [file for file in files if not _path(home, file).exists()]
    for file in lacking:
        with ledger.transaction() as transaction:
            leaves = queries.leaf_batches(transaction, file.file_id)
        _write(home, file, (batch.row_ranges for batch in leaves))
    return len(lacking)


def _path(home: Home, file: FileRow) -> Path:
    return home.published / "delivery" / "keys" / file.destination / f"{file.build_id}.parquet"


def _write(home: Home, file: FileRow, held: Iterable[Ranges]) -> None:
    delta = home.root / file.path
    payloads.verify(delta, file.sha256)
    pairs = [pair for part in held for pair in part]
    with duckdb.connect() as connection, written_aside(_path(home, file)) as aside:
        firsts, afters = [first for first, _ in pairs], [after for _, after in pairs]
        connection.register(
            "held", pa.table({"first": pa.array(firsts, type=pa.int64()), "after": pa.array(afters, type=pa.int64())})
        )
        connection.execute(f"create table keys ({_COLUMNS})")
        connection.execute(_KEYS, {"file_id": file.file_id, "destination": file.destination, "delta": str(delta)})
        connection.execute("copy (from keys order by row_number) to ? (format parquet, compression zstd)", [str(aside)])
