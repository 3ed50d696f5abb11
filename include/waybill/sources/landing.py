"""Landing files: typed Parquet, one per table and window, written aside, checked, and renamed when all tables are there."""

import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from waybill.clock import to_name
from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.settings import TableSettings
from waybill.sources.types import MOMENT, arrow_type
from waybill.sources.windows import Window

ROW_GROUP: Final = 100_000
_ASIDE: Final = ".tmp"


@dataclass(frozen=True)
class Staged:
    """A file that is written and checked but does not count yet."""

    aside: Path
    path: Path
    rows: int
    newest_cursor: datetime | None


def newest_end(folder: Path) -> datetime | None:
    """The table's watermark: the end of its newest landed window; None before the first.

    A file with a strange name or a damaged newest file is a ConfigurationError that names it.
    """
    try:
        files = sorted(folder.glob("*.parquet"), key=lambda path: Window.of_file(path).end)
        if not files:
            return None
        pq.read_metadata(files[-1])
    except pa.ArrowInvalid:
        raise ConfigurationError(
            f"{files[-1]} is damaged: it is not a Parquet file any more. Delete it and extract again; its window will be read again."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be read ({error.strerror}). Give this user the right to read it."
        ) from error
    return Window.of_file(files[-1]).end


def declared_schema(table: TableSettings) -> pa.Schema:
    """The declared columns with their declared types."""
    return pa.schema([pa.field(name, arrow_type(kind)) for name, kind in table.columns.items()])


def file_schema(table: TableSettings) -> pa.Schema:
    """The declared columns, then what is said of the file."""
    return pa.schema(
        [
            *declared_schema(table),
            pa.field("_run_id", pa.string()),
            pa.field("_extracted_at", MOMENT),
            pa.field("_window_start", MOMENT),
            pa.field("_window_end", MOMENT),
        ]
    )


def stage(
    folder: Path,
    name: str,
    table: TableSettings,
    window: Window,
    extracted_at: datetime,
    batches: Iterable[pa.RecordBatch],
) -> Staged:
    """Writes the rows of one window aside and checks them; ``batches`` hold the declared columns with their declared types."""
    path = folder / window.file_name
    aside = path.with_name(path.name + _ASIDE)
    said = {
        "_run_id": f"{to_name(window.end)}-{secrets.token_hex(4)}",
        "_extracted_at": extracted_at,
        "_window_start": window.start,
        "_window_end": window.end,
    }
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left_over in folder.glob(f"*{_ASIDE}"):
            left_over.unlink()
        _write(aside, file_schema(table), said, batches)
        return _checked(Staged(aside, path, 0, None), name, table)
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be written ({error.strerror or error}). Make room there, or give this user the right to write."
        ) from error


def publish(staged: Iterable[Staged]) -> None:
    """Lets staged files count, one rename each; a file of the same window is replaced."""
    for one in staged:
        one.aside.replace(one.path)
        _to_disk(one.path.parent)


def discard(staged: Iterable[Staged]) -> None:
    """Removes staged files that shall not count."""
    for one in staged:
        one.aside.unlink(missing_ok=True)


def _write(aside: Path, schema: pa.Schema, said: dict[str, object], batches: Iterable[pa.RecordBatch]) -> None:
    with pq.ParquetWriter(aside, schema, compression="zstd") as writer:
        for rows in _groups(batches):
            constants = [
                pa.repeat(pa.scalar(value, schema.field(name).type), len(rows)) for name, value in said.items()
            ]
            writer.write_table(pa.table([*rows.columns, *constants], schema=schema), row_group_size=ROW_GROUP)
    _to_disk(aside)  # a name without its rows, after a power cut, would move the watermark over rows nobody has


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in groups of ROW_GROUP, however small the batches are that they come in."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(len(one) for one in waiting) >= ROW_GROUP:
            rows = pa.Table.from_batches(waiting)
            whole = len(rows) // ROW_GROUP * ROW_GROUP
            yield rows.slice(0, whole)
            waiting = rows.slice(whole).to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting)


def _checked(staged: Staged, name: str, table: TableSettings) -> Staged:
    """The landing contract, on the file itself: keys and cursor are there, and no key is there twice."""
    required = list(dict.fromkeys([*table.key, table.cursor]))
    facts = (
        pl.scan_parquet(staged.aside, glob=False)
        .select(
            pl.len().alias("rows"),
            pl.struct(table.key).n_unique().alias("keys"),
            pl.col(table.cursor).max().alias("newest"),
            *[pl.col(column).null_count().alias(f"null {column}") for column in required],
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    missing = [f"{column} in {facts[f'null {column}']} rows" for column in required if facts[f"null {column}"]]
    repeated = facts["rows"] - facts["keys"]
    if missing or repeated:
        what = (
            f"has no {' and no '.join(missing)}"
            if missing
            else f"has {repeated} rows whose key ({', '.join(table.key)}) another row has"
        )
        staged.aside.unlink()
        raise SourceUnavailable(
            f"Table {name} {what}, of {facts['rows']} read; nothing was landed. Correct these rows in the warehouse, "
            "or the key and cursor of the table in waybill.toml, and extract again."
        )
    return Staged(staged.aside, staged.path, facts["rows"], facts["newest"])


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
