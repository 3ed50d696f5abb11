"""What landed, table by table: is it fresh, as much as usual, as full as usual, of the declared shape, each key once?

Counts of each landing file are kept in ``published/tallies/<destination>/landed/<day>.parquet``: names of files, tables
and columns, hours, numbers. Rows and nulls come from the files' footers; only keys and cursors are read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from waybill.clock import from_name
from waybill.declared import TableSettings
from waybill.delta import DeltaFile
from waybill.errors import SourceUnavailable
from waybill.files import written_aside
from waybill.quality import remembered
from waybill.quality.history import DAYS
from waybill.quality.texts import sql
from waybill.settings import Settings
from waybill.thresholds import Thresholds

_COLUMNS: Final = (
    "file varchar, size bigint, modified_ns bigint, table_name varchar, window_end timestamptz, is_first boolean, "
    "measure varchar, part varchar, place bigint, n double"
)

_HOURS: Final = """
insert into landed
with files as (
    select
        unnest($paths) as path, unnest($files) as file, unnest($sizes) as size, unnest($modified_ns) as modified_ns,
        unnest($window_end) as window_end, unnest($since) as since
)

select
    files.file, files.size, files.modified_ns, $table_name, files.window_end, false, 'hour', '',
    cast(epoch({cursor}) // 3600 as bigint), count(*)
from read_parquet($paths, filename = true) as rows
inner join files on rows.filename = files.path
where {cursor} > files.since
group by all
"""
"""Rows by hour; those of the overlap were in the window before."""

_REPEATED: Final = """
insert into landed
select
    $files[list_position($paths, filename)], $sizes[list_position($paths, filename)],
    $modified_ns[list_position($paths, filename)], $table_name, $window_end[list_position($paths, filename)], false,
    'repeated_keys', '', 0, count(*) - count(distinct ({key}))
from read_parquet($paths, filename = true)
group by filename
"""

_STRAYS: Final = """
delete from landed
where
    not list_contains($tables, table_name)
    or not starts_with(file, replace(table_name, '.', '/') || '/')
    or (measure = 'nulls' and not list_contains($columns, table_name || '.' || part))
"""
"""Counts of what is not declared any more, and of files by another name than that below landing/."""

_MENDED: Final = """
delete from landed
where
    table_name = $table_name
    and not exists (
        from (
            select
                unnest(cast($files as varchar[])) as file, unnest(cast($sizes as bigint[])) as size,
                unnest(cast($modified_ns as bigint[])) as modified_ns
        ) as there
        where
            landed.file = there.file and landed.size = there.size and landed.modified_ns = there.modified_ns
    )
"""
"""Counts of files that are gone or were replaced since; `waybill purge` takes none that is so young that it counts."""

_TYPES: Final = {"timestamptz": "TIMESTAMP WITH TIME ZONE"}
"""What DuckDB calls a declared type, where it is not the same word."""


@dataclass(frozen=True)
class _File:
    """A landing file and the window that its name tells; ``start`` is None for a table's first one.

    ``name`` is its path below ``landing/``, so that a home may move; with ``size`` and ``modified_ns`` it tells
    whether the file is still the one that was counted.
    """

    path: Path
    name: str
    size: int
    modified_ns: int
    start: datetime | None
    end: datetime

    @classmethod
    def of(cls, path: Path) -> "_File":
        start, _, end = path.stem.partition("__")
        name, stat = "/".join(path.parts[-3:]), path.stat()
        begins = None if start == "beginning" else from_name(start)
        return cls(path, name, stat.st_size, stat.st_mtime_ns, begins, from_name(end))


class Landed:
    """The landing files of the last weeks as one delta file's judgement sees them."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, settings: Settings, delta: DeltaFile, thresholds: Thresholds
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._delta = delta
        self._thresholds = thresholds
        self._folder = delta.gate_path.parents[2] / "tallies" / delta.destination / "landed"
        self._new: set[str] = set()

    def measures(self) -> tuple[dict[str, float], dict[str, str]]:
        """The measures of ``landed.sql`` by name, and the table or column that each speaks of.

        Raises SourceUnavailable, which names the folder, when a landing file cannot be read.
        """
        self._connection.execute(f"create or replace temp table landed ({_COLUMNS})")
        remembered.recall(self._connection, "landed", self._folder, self._oldest)
        self._connection.execute(_STRAYS, self._declared())
        for source, tables in self._settings.sources.items():
            for table, declared in tables.tables.items():
                overlap = timedelta(minutes=tables.overlap_minutes)
                self._add(f"{source}.{table}", self._settings.home.landing / source / table, declared, overlap)
        self._connection.execute("set variable since = $since", {"since": self._since})
        cursor = self._connection.execute(sql("landed"))
        found = dict(zip([column[0] for column in cursor.description or ()], cursor.fetchall()[0], strict=True))
        of = {name.removesuffix("_of"): str(value) for name, value in found.items() if name.endswith("_of") and value}
        return {name: float(value) for name, value in found.items() if not name.endswith("_of")}, of

    def record(self) -> None:
        """Writes the counts of the files that were new, each day's in one piece."""
        days = self._connection.execute(
            "select distinct strftime(window_end, '%Y%m%d') from landed where file in (select unnest($new))",
            {"new": sorted(self._new)},
        ).fetchall()
        for (day,) in days:
            with written_aside(self._folder / f"{day}.parquet") as aside:
                self._connection.execute(
                    "copy (from landed where strftime(window_end, '%Y%m%d') = $day order by all) to $path "
                    "(format parquet, compression zstd)",
                    {"day": day, "path": str(aside)},
                )
        remembered.drop_old(self._folder, self._oldest)

    def _declared(self) -> dict[str, list[str]]:
        """What ``waybill.toml`` declares: ``source.table``, and ``source.table.column``."""
        tables = {
            f"{source}.{table}": declared.columns
            for source, settings in self._settings.sources.items()
            for table, declared in settings.tables.items()
        }
        columns = [f"{table}.{column}" for table, declared in tables.items() for column in declared]
        return {"tables": list(tables), "columns": columns}

    @property
    def _oldest(self) -> str:
        return f"{self._delta.frozen_at - timedelta(days=DAYS):%Y%m%d}"

    @property
    def _since(self) -> datetime:
        """When the last file that was enrolled was frozen; a day ago where there is none, or its clock ran ahead."""
        after = self._delta.after.rpartition("/")[2].partition("-")[0]
        since = from_name(after) if after else self._delta.frozen_at
        return since if since < self._delta.frozen_at else self._delta.frozen_at - timedelta(days=1)

    def _add(self, name: str, folder: Path, declared: TableSettings, overlap: timedelta) -> None:
        """Counts the files of one table that are not known as they are, and forgets those that are so no more."""
        oldest = self._delta.frozen_at - timedelta(days=DAYS)
        try:
            found = [_File.of(path) for path in sorted(folder.glob("*.parquet"))]
            self._connection.execute(_MENDED, _states(name, found))
            known = {file for (file,) in self._connection.execute("select distinct file from landed").fetchall()}
            new = [one for one in found if one.name not in known and oldest <= one.end <= self._delta.frozen_at]
            if not new:
                return
            self._new |= {one.name for one in new}
            counts = [row for one in new for row in self._footer(name, one, declared)]
            columns = (
                "file",
                "size",
                "modified_ns",
                "table_name",
                "window_end",
                "is_first",
                "measure",
                "part",
                "place",
                "n",
            )
            self._connection.register("counts", pa.table(dict(zip(columns, zip(*counts, strict=True), strict=True))))
            self._connection.execute("insert into landed by name select * from counts")
            self._connection.unregister("counts")
            # Names are identifiers by validation.
            self._connection.execute(_REPEATED.format(key=", ".join(declared.key)), _given(name, new))
            if later := [one for one in new if one.start is not None]:
                since = [one.start + overlap for one in later if one.start is not None]
                self._connection.execute(_HOURS.format(cursor=declared.cursor), {**_given(name, later), "since": since})
        except (OSError, ValueError, pa.ArrowInvalid, duckdb.Error) as error:
            raise SourceUnavailable(
                f"A landing file in {folder} cannot be read ({type(error).__name__}). Delete the damaged file and run "
                "`waybill extract`, which lands its window again."
            ) from None

    def _footer(self, name: str, one: _File, declared: TableSettings) -> list[tuple[Any, ...]]:
        """Rows, nulls by column, and columns that are not as declared, as the file's footer tells."""
        metadata = pq.read_metadata(one.path)
        nulls = {column: 0 for column in metadata.schema.to_arrow_schema().names if column in declared.columns}
        for group in range(metadata.num_row_groups):
            for position in range(metadata.num_columns):
                column = metadata.row_group(group).column(position)
                if column.path_in_schema in nulls and column.statistics is not None:
                    nulls[column.path_in_schema] += column.statistics.null_count or 0
        described = self._connection.execute(
            "describe select * from read_parquet($path)", {"path": str(one.path)}
        ).fetchall()
        found = {column: kind for column, kind, *_ in described}
        wrong = sum(found.get(column) != _TYPES.get(kind, kind.upper()) for column, kind in declared.columns.items())
        counts = [("rows", "", metadata.num_rows), ("wrong_columns", "", wrong)]
        counts += [("nulls", column, count) for column, count in nulls.items()]
        said = (one.name, one.size, one.modified_ns, name, one.end, one.start is None)
        return [(*said, measure, part, 0, float(count)) for measure, part, count in counts]


def _given(table: str, files: list[_File]) -> dict[str, Any]:
    """What a query takes of landing files: lists in the same order."""
    return {
        **_states(table, files),
        "paths": [str(one.path) for one in files],
        "window_end": [one.end for one in files],
    }


def _states(table: str, files: list[_File]) -> dict[str, Any]:
    """By what a table's files are known again."""
    return {
        "table_name": table,
        "files": [one.name for one in files],
        "sizes": [one.size for one in files],
        "modified_ns": [one.modified_ns for one in files],
    }
