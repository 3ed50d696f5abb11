"""Landing files: typed Parquet, one per table and window, written aside, checked, and renamed with all of a run."""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from waybill.clock import to_name
from waybill.declared import TableSettings
from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.sources.types import MOMENT, arrow_type
from waybill.sources.windows import Window

ROW_GROUP: Final = 100_000
PURGED: Final = "purged-"
"""How the run id of rows begins whose personal columns `waybill purge` has emptied; dbt's macro is_purged knows it."""

_ASIDE: Final = ".tmp"


@dataclass(frozen=True)
class Staged:
    """A file that is written and checked but does not count yet; ``left_out`` counts rows of erased people."""

    aside: Path
    path: Path
    rows: int = 0
    newest_cursor: datetime | None = None
    left_out: int = 0


@contextmanager
def sole_writer(landing: Path) -> Iterator[None]:
    """Lets one extraction at a time write to this folder; another one is told so. Disk trouble is named as such."""
    try:
        with (landing / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError:
        raise SourceUnavailable(f"Another extraction is writing to {landing}. Wait for it and extract again.") from None
    except OSError as error:
        place = error.filename or landing
        raise ConfigurationError(
            f"{place} cannot be read or written ({error.strerror or error}); nothing was landed. Make room there, or "
            "give this user the right to."
        ) from error


def newest_end(folder: Path) -> datetime | None:
    """The table's watermark: the end of its newest landed window without a gap before it; None before the first.

    A gap is left when somebody deletes a damaged file: its window is then read again, with all that follow; when it was
    the one from the beginning, everything is. A file with a strange name, or a damaged newest file, is a
    ConfigurationError that names it.
    """
    if not folder.exists():
        return None
    windows = {Window.of_file(path): path for path in folder.iterdir() if path.suffix == ".parquet"}
    if not windows:
        return None
    newest = max(windows, key=lambda window: window.end)
    try:
        pq.read_metadata(windows[newest])
    except pa.ArrowInvalid:
        raise ConfigurationError(
            f"{windows[newest]} is damaged: it is not a Parquet file any more. Delete it and extract again; its window "
            "is then read again."
        ) from None
    return covered_until(windows)


def covered_until(windows: Iterable[Window]) -> datetime | None:
    """How far windows reach that touch or overlap each other, from the beginning on."""
    covered: datetime | None = None
    for window in sorted(windows, key=lambda window: (window.start is not None, window.end)):
        if window.start is not None and (covered is None or window.start > covered):
            break
        covered = window.end if covered is None else max(covered, window.end)
    return covered


def is_purged(path: Path) -> bool:
    """Whether a landing file holds purged rows; only one from the beginning can."""
    if Window.of_file(path).start is not None:
        return False
    purged = pl.col("_run_id").str.starts_with(PURGED).any()
    return bool(pl.scan_parquet(path, glob=False).select(purged).collect().item())


def declared_schema(table: TableSettings) -> pa.Schema:
    """The declared columns with their declared types."""
    return pa.schema([pa.field(name, arrow_type(kind)) for name, kind in table.columns.items()])


def file_schema(table: TableSettings) -> pa.Schema:
    """The declared columns, then what is said of the file."""
    said = {"_run_id": pa.string(), "_extracted_at": MOMENT, "_window_start": MOMENT, "_window_end": MOMENT}
    return pa.schema([*declared_schema(table), *[pa.field(name, kind) for name, kind in said.items()]])


def stage(
    folder: Path,
    name: str,
    table: TableSettings,
    window: Window,
    extracted_at: datetime,
    batches: Iterable[pa.RecordBatch],
) -> Staged:
    """Writes the rows of one window aside and checks them; ``batches`` have the declared columns and types."""
    path = folder / window.file_name
    aside = path.with_name(path.name + _ASIDE)
    said = {
        "_run_id": f"{to_name(window.end)}-{secrets.token_hex(4)}",
        "_extracted_at": extracted_at,
        "_window_start": window.start,
        "_window_end": window.end,
    }
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left_over in folder.glob(f"*{_ASIDE}"):
        left_over.unlink()
    try:
        _write(aside, file_schema(table), said, batches)
        return _checked(Staged(aside, path), name, table)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def publish(staged: Iterable[Staged]) -> None:
    """Lets staged files count, one rename each; a file of the same window is replaced.

    Where one cannot be renamed, those before it are taken back: a window that is missing is simply read again.
    """
    landed: list[Path] = []
    try:
        for one in staged:
            one.aside.replace(one.path)
            landed.append(one.path)
            _to_disk(one.path.parent)
    except BaseException:
        for path in landed:
            path.unlink(missing_ok=True)
        raise


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
    """The landing contract, on the file itself: key and cursor are never null, and no key is there twice."""
    required = list(dict.fromkeys([*table.key, table.cursor]))
    facts = _facts(
        staged.aside,
        pl.len().alias("rows"),
        pl.struct(table.key).hash().n_unique().alias("keys"),
        pl.col(table.cursor).max().alias("newest"),
        *[pl.col(column).null_count().alias(f"null {column}") for column in required],
    )
    rows = facts["rows"]
    problems = [f"{facts[f'null {column}']} without {column}" for column in required if facts[f"null {column}"]]
    if facts["keys"] != rows:  # equal hashes may be an accident; count the keys themselves
        repeated = rows - _facts(staged.aside, pl.struct(table.key).n_unique().alias("keys"))["keys"]
        problems += [f"{repeated} with a key ({', '.join(table.key)}) that another row has"] if repeated else []
    if problems:
        raise ConfigurationError(
            f"Of {rows} rows of table {name} there are {', '.join(problems)}; nothing was landed. Correct them in the "
            "warehouse, or the table's key and cursor in waybill.toml, and extract again."
        )
    return replace(staged, rows=rows, newest_cursor=facts["newest"])


def _facts(path: Path, *columns: pl.Expr) -> dict[str, Any]:
    return pl.scan_parquet(path, glob=False).select(columns).collect(engine="streaming").row(0, named=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
