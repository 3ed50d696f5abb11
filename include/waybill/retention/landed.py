"""Landing that has grown old: windows become one file with the newest version of each row, without personal columns.

A row that has not changed for months is in an old window only, and a full refresh needs it: its key has a verdict, its
consent is still in force. So no row is lost; what waybill.toml calls ``personal`` is. The identity of such a person
goes on as the hashes that the marts hold (``int_identities_latest`` carries them through a full refresh).

The file is named as a window from the beginning, so the watermark stays where it is. It has its name before the first
window goes, and rows that are in both are a version that landed twice, which staging knows from overlapping windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import polars as pl
import pyarrow.parquet as pq

from waybill.declared import TableSettings
from waybill.errors import SourceUnavailable
from waybill.files import written_aside
from waybill.home import Home
from waybill.settings import Settings
from waybill.sources.landing import PURGED, file_schema, is_purged
from waybill.sources.windows import Window
from waybill.warehouse.inputs import seen_files_path

_COMPACTED: Final = """
copy (
    with newest as (
        select *
        from read_parquet($old, union_by_name = true)
        qualify row_number() over (partition by {key} order by {cursor} desc, _extracted_at asc) = 1
    )

    select {columns}
    from newest
    {unless_newer}
    order by {key}
) to $aside (format parquet, compression zstd)
"""

_UNLESS_NEWER: Final = "anti join (select {key} from read_parquet($later)) using ({key})"


@dataclass(frozen=True)
class Compaction:
    """One table's old windows and the file that takes their place."""

    source: str
    table: str
    old: tuple[Path, ...]
    later: tuple[Path, ...]
    target: Path

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.old)


def due(settings: Settings, cutoff: datetime) -> list[Compaction]:
    """What ended before ``cutoff`` and was read by the last good build, per table; nothing where all of it is done."""
    found: list[Compaction] = []
    seen = _seen(settings.home)
    for source, source_settings in settings.sources.items():
        for table in source_settings.tables:
            folder = settings.home.landing / source / table
            windows = sorted(
                ((Window.of_file(path), path) for path in folder.glob("*.parquet")), key=lambda w: w[0].end
            )
            old: list[Path] = []
            for window, path in windows:
                if window.end >= cutoff or not (_state(path) in seen or _is_done(path)):
                    break
                old.append(path)
            if not old or (len(old) == 1 and _is_done(old[0])):
                continue
            later = tuple(path for _, path in windows if path not in old)
            target = folder / Window(None, Window.of_file(old[-1]).end).file_name
            found.append(Compaction(source, table, tuple(old), later, target))
    return found


def compact(settings: Settings, due: Sequence[Compaction], now: datetime) -> int:
    """Does it, table by table, and tells the next build that it has seen what remains; returns the bytes freed.

    The caller keeps extractions and builds away. Raises SourceUnavailable when a window cannot be read or the disk is
    full; a table is then as it was, or compacted.
    """
    freed = 0
    for one in due:
        before = one.bytes
        _write(settings, one, now)
        for path in one.old:
            if path != one.target:
                path.unlink()
        freed += before - one.target.stat().st_size
    if due:
        _remember(settings.home, due)
    return freed


def _write(settings: Settings, one: Compaction, now: datetime) -> None:
    table = settings.sources[one.source].tables[one.table]
    key = ", ".join(table.key)
    query = _COMPACTED.format(
        key=key,
        cursor=table.cursor,
        columns=", ".join(_columns(table)),
        unless_newer=_UNLESS_NEWER.format(key=key) if one.later else "",
    )
    parameters = {
        "old": [str(path) for path in one.old],
        "run": f"{PURGED}{now:%Y%m%dT%H%M%SZ}",
        "end": Window.of_file(one.target).end,
        **({"later": [str(path) for path in one.later]} if one.later else {}),
    }
    with written_aside(one.target) as aside, duckdb.connect(config=_limits(settings.home)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            connection.execute(query, {**parameters, "aside": str(aside)})
        except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.BinderException) as error:
            raise SourceUnavailable(
                f"The landing files in {one.target.parent} cannot be read ({type(error).__name__}); they are as they "
                "were. Delete the damaged one and run `waybill extract`, which lands its window again."
            ) from None


def _columns(table: TableSettings) -> list[str]:
    """Every column of a landing file: personal ones empty, the rest as it landed."""
    columns = [
        f"cast({'null' if name in table.personal else name} as {kind}) as {name}"
        for name, kind in table.columns.items()
    ]
    said = {
        "_run_id": "cast($run as varchar)",
        "_extracted_at": "_extracted_at",
        "_window_start": "cast(null as timestamptz)",
        "_window_end": "cast($end as timestamptz)",
    }
    return [*columns, *(f"{said[name]} as {name}" for name in file_schema(table).names if name in said)]


def _limits(home: Home) -> dict[str, str | bool | int | float | list[str]]:
    return {"temp_directory": str(home.build / "tmp"), "memory_limit": "1GB"}


def _is_done(path: Path) -> bool:
    """Whether there is nothing to purge in a file: it was written here, or a table began without rows."""
    return is_purged(path) or (Window.of_file(path).start is None and pq.read_metadata(path).num_rows == 0)


def _state(path: Path) -> tuple[str, int, int]:
    stat = path.stat()
    return str(path), stat.st_size, stat.st_mtime_ns


def _seen(home: Home) -> set[tuple[str, int, int]]:
    path = seen_files_path(home)
    return set(pl.read_parquet(path).select("file", "size", "modified_ns").rows()) if path.exists() else set()


def _remember(home: Home, done: Sequence[Compaction]) -> None:
    """The new files hold nothing but what the last good build has read, so the next one need not read them."""
    seen = pl.read_parquet(seen_files_path(home))
    gone = {str(path) for one in done for path in one.old}
    states = [(one.source, one.table, *_state(one.target)) for one in done]
    compacted = pl.DataFrame(states, schema=seen.schema, orient="row")
    with written_aside(seen_files_path(home)) as aside:
        pl.concat([seen.filter(~pl.col("file").is_in(list(gone))), compacted]).write_parquet(aside)
