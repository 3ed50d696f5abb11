"""Key files: which rows were enrolled, in Parquet, for everybody who asks what was sent.

``published/delivery/keys/<destination>/<build_id>.parquet`` holds the keys of one delta file, ``folded-<n>.parquet``
those of many. A delta file may be in several of them (folding writes the new one long before the old ones go), so one
rule says which counts: of the files that hold a delta file's keys, the one whose name sorts last. dbt's
``stg_published__delivery_keys`` has the same rule.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb

from waybill.delivery.queries import FileRow
from waybill.errors import LedgerConflict, SourceUnavailable
from waybill.files import locked, written_aside
from waybill.home import Home

FOLDED: Final = "folded-"
"""How the name of a file with the keys of many delta files begins: it sorts after every build's id."""

EMPTY: Final = "_empty.parquet"

DAMAGED: Final = "damaged"
"""What a file says instead of a digest when its rows were not those that were written before they were rewritten."""

COLUMNS: Final = """
    file_id varchar, row_number bigint, destination varchar, dataset varchar, event_kind varchar, event_name varchar,
    source_key varchar, event_id varchar, occurred_at timestamptz, committed_at timestamptz, landed_at timestamptz,
    frozen_at timestamptz, expires_at timestamptz, value decimal(18, 4), currency varchar, payload_digest varchar
"""

_STANDING: Final = """(
    with everything as (
        select * from read_parquet('{pattern}', union_by_name = true, filename = true)
    ),

    holders as (
        select file_id, max(filename) as filename from everything group by file_id
    )

    select everything.* exclude (filename)
    from everything
    semi join holders using (file_id, filename)
)"""

# Independent of the order of rows, so that the digest of a folded file is that of its parts, one xor the other.
_DIGEST: Final = """
select count(*), coalesce(bit_xor(md5_number(concat_ws(
    chr(31), file_id, row_number, coalesce(dataset, chr(0)), coalesce(event_kind, chr(0)), event_name, source_key,
    coalesce(event_id, chr(0)), coalesce(epoch_us(occurred_at), 0), coalesce(epoch_us(committed_at), 0),
    coalesce(epoch_us(landed_at), 0), coalesce(epoch_us(frozen_at), 0), coalesce(epoch_us(expires_at), 0),
    coalesce(cast(value as varchar), chr(0)), coalesce(currency, chr(0)), coalesce(payload_digest, chr(0))
))), 0)
from {relation}
"""


def folder(home: Home, destination: str) -> Path:
    return home.key_files / destination


def own_path(home: Home, file: FileRow) -> Path:
    """Where the keys of one delta file are before they are folded."""
    return folder(home, file.destination) / f"{file.build_id}.parquet"


def standing(home: Home, destination: str = "*") -> str:
    """The keys of every enrolled event, each once, as SQL that stands where a table's name may."""
    return _STANDING.format(pattern=_quoted(folder(home, destination) / "*.parquet"))


def key_files(home: Home, destination: str) -> list[Path]:
    """The files that hold keys of a destination, by name; the one that counts for a delta file is the last."""
    return sorted(path for path in folder(home, destination).glob("*.parquet") if path.name != EMPTY)


def holders(home: Home, destination: str, *, only_folded: bool = False) -> dict[str, list[Path]]:
    """file_id → the key files that hold it, by name; the last one counts. LedgerConflict when one cannot be read."""
    held: dict[str, list[Path]] = {}
    with duckdb.connect() as connection:
        for path in key_files(home, destination):
            if only_folded and not path.name.startswith(FOLDED):
                continue
            for (file_id,) in _read(connection, path, f"select distinct file_id from {_of(path)}"):  # noqa: S608 - a path of ours
                held.setdefault(file_id, []).append(path)
    return held


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Held by whoever replaces key files (folding, erasure); SourceUnavailable while another process does."""
    with locked(home.root / "ledger.keys.lock") as mine:
        if not mine:
            raise SourceUnavailable(f"Another process is rewriting the keys in {home.published}. Run this again later.")
        yield


def write(connection: duckdb.DuckDBPyConnection, relation: str, path: Path, *, is_whole: bool = True) -> None:
    """Writes the rows of ``relation`` (with the columns of ``COLUMNS``) as a key file that carries its own digest.

    ``is_whole`` is False for what is made of a damaged file: nobody shall take it for one that is not.
    """
    rows, added_up = digest_of(connection, relation)
    digest = f"{rows} {added_up:032x}" if is_whole else DAMAGED
    with written_aside(path) as aside:
        connection.execute(
            f"copy (from {relation} order by file_id, row_number) to ? "
            f"(format parquet, compression zstd, kv_metadata {{waybill_keys: '{digest}'}})",
            [str(aside)],
        )


def digest_of(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int]:
    """How many keys a relation holds, and what they add up to."""
    [(rows, added_up)] = connection.execute(_DIGEST.format(relation=relation)).fetchall()
    return rows, added_up


def verify(path: Path, connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """The digest of a key file; LedgerConflict when it is damaged or its rows are not those that were written.

    A file that was written before key files carried a digest is only read; those that were folded always had one.
    """
    [(rows, added_up)] = _read(connection, path, _DIGEST.format(relation=_of(path)))
    said = _said(path, connection)
    if said not in (None, f"{rows} {added_up:032x}"):
        raise LedgerConflict(f"The key file {path} does not hold the rows that it was written with. {MEND}")
    return rows, added_up


def is_whole(path: Path, connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a key file can be read and holds the rows that were written."""
    try:
        verify(path, connection)
    except LedgerConflict:
        return False
    return True


def has_digest(path: Path, connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a key file carries a digest; LedgerConflict when it cannot be read."""
    return _said(path, connection) is not None


def _said(path: Path, connection: duckdb.DuckDBPyConnection) -> str | None:
    query = f"select decode(value) from parquet_kv_metadata('{_quoted(path)}') where decode(key) = 'waybill_keys'"  # noqa: S608
    return next((value for (value,) in _read(connection, path, query)), None)


MEND: Final = (
    "Restore it from a backup; if the delta files of its events are still there, delete it instead, and "
    "`waybill publish` writes it again."
)


def _read(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(query).fetchall()
    except duckdb.Error as error:
        raise LedgerConflict(f"The key file {path} cannot be read ({type(error).__name__}). {MEND}") from None


def _of(path: Path) -> str:
    return f"read_parquet('{_quoted(path)}')"


def _quoted(path: Path) -> str:
    """A path of ours inside an SQL literal."""
    return str(path).replace("'", "''")
