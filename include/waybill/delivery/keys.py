"""The keys of what was enrolled, in Parquet: they count for every later freeze, long after a delta file is gone."""

from collections.abc import Iterable
from typing import Final

import duckdb
import pyarrow as pa

from waybill.delivery import keyfiles, payloads, queries
from waybill.delivery.ledger import Ledger
from waybill.delivery.queries import FileRow
from waybill.delivery.ranges import Ranges
from waybill.destinations.registry import REGISTRY
from waybill.errors import LedgerConflict
from waybill.home import Home

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
    """Writes the keys of each enrolled file that lacks them, folded or not; returns how many files were written.

    Every destination also gets a typed empty file, because a reader's glob must find one. Raises LedgerConflict when a
    delta file that is needed for it is missing or damaged.
    """
    files = ledger.enrolled_files()
    for destination in {*REGISTRY, *(file.destination for file in files)}:
        empty = keyfiles.folder(home, destination) / keyfiles.EMPTY
        if not empty.exists():
            with duckdb.connect() as connection:
                connection.execute(f"create table keys ({keyfiles.COLUMNS})")
                keyfiles.write(connection, "keys", empty)
    lacking = [file for file in files if not keyfiles.own_path(home, file).exists()]
    folded = {
        file_id
        for destination in {file.destination for file in lacking}
        for file_id in keyfiles.holders(home, destination, only_folded=True)
    }
    lacking = [file for file in lacking if file.file_id not in folded]
    for file in lacking:
        with ledger.transaction() as transaction:
            leaves = queries.leaf_batches(transaction, file.file_id)
        _write(home, file, (batch.row_ranges for batch in leaves))
    return len(lacking)


def _write(home: Home, file: FileRow, held: Iterable[Ranges]) -> None:
    delta = home.root / file.path
    if file.settled_at is not None and not delta.exists():
        raise LedgerConflict(
            f"The keys of {file.file_id} are in no key file of {keyfiles.folder(home, file.destination)}, and the "
            "delta file that they could be written from is gone. Restore the key files from a backup; until then "
            "nobody can say what was sent, and nothing is frozen or sent."
        )
    payloads.verify(delta, file.sha256)
    with duckdb.connect() as connection:
        from_delta_file(connection, home, file, held)
        keyfiles.write(connection, "keys", keyfiles.own_path(home, file))


def from_delta_file(connection: duckdb.DuckDBPyConnection, home: Home, file: FileRow, held: Iterable[Ranges]) -> None:
    """Makes a table ``keys`` of the rows of an enrolled delta file that its batches hold."""
    pairs = [pair for part in held for pair in part]
    firsts, afters = [first for first, _ in pairs], [after for _, after in pairs]
    connection.register(
        "held", pa.table({"first": pa.array(firsts, type=pa.int64()), "after": pa.array(afters, type=pa.int64())})
    )
    connection.execute(f"create or replace table keys ({keyfiles.COLUMNS})")
    source = {"file_id": file.file_id, "destination": file.destination, "delta": str(home.root / file.path)}
    connection.execute(_KEYS, source)
