"""What landed, table by table: is it fresh, as much as usual, as full as usual, of the declared shape, each key once?

Counts of each landing file are kept in ``published/tallies/<destination>/landed/<day>.parquet``: names of tables and
columns, hours, numbers. Rows and nulls come from the files' footers; only keys and cursors are read.
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
    "file varchar, table_name varchar, window_end timestamptz, is_first boolean, measure varchar, part varchar, "
    "place bigint, n double"
)

_HOURS: Final = """
insert into landed
with files as (
    select unnest($files) as file, unnest($since) as since
)

select
    files.file, $table_name, $window_end[list_position($files, files.file)], false, 'hour', '',
    cast(epoch({cursor}) // 3600 as bigint), count(*)
from read_parquet($files, filename = true) as rows
inner join files on rows.filename = files.file
where {cursor} > files.since
group by all
"""
"""Rows by hour; those of the overlap were in the window before."""

_REPEATED: Final = """
insert into landed
select
    filename, $table_name, $window_end[list_position($files, filename)], false, 'repeated_keys', '', 0,
    count(*) - count(distinct ({key}))
from read_parquet($files, filename = true)
group by filename
"""


_TYPES: Final = {"timestamptz": "TIMESTAMP WITH TIME ZONE"}
"""What DuckDB calls a declared type, where it is not the same word."""


@dataclass(frozen=True)
class _File:
    """A landing file and the window that its name tells; ``start`` is None for a table's first one."""

    path: Path
    start: datetime | None
    end: datetime

    @classmethod
    def of(cls, path: Path) -> "_File":
        start, _, end = path.stem.partition("__")
        return cls(path, None if start == "beginning" else from_name(start), from_name(end))


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
        known = {file for (file,) in self._connection.execute("select distinct file from landed").fetchall()}
        for source, tables in self._settings.sources.items():
            for table, declared in tables.tables.items():
                overlap = timedelta(minutes=tables.overlap_minutes)
                self._add(f"{source}.{table}", self._settings.home.landing / source / table, declared, overlap, known)
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

    @property
    def _oldest(self) -> str:
        return f"{self._delta.frozen_at - timedelta(days=DAYS):%Y%m%d}"

    @property
    def _since(self) -> datetime:
        """When the last file was enrolled was frozen; a day ago where there is none."""
        after = self._delta.after.rpartition("/")[2].partition("-")[0]
        return from_name(after) if after else self._delta.frozen_at - timedelta(days=1)

    def _add(self, name: str, folder: Path, declared: TableSettings, overlap: timedelta, known: set[str]) -> None:
        """Counts the files of one table that are not known yet."""
        oldest = self._delta.frozen_at - timedelta(days=DAYS)
        unknown = [path for path in sorted(folder.glob("*.parquet")) if str(path) not in known]
        try:
            new = [one for one in map(_File.of, unknown) if oldest <= one.end <= self._delta.frozen_at]
            if not new:
                return
            self._new |= {str(one.path) for one in new}
            counts = [row for one in new for row in self._footer(name, one, declared)]
            columns = ("file", "table_name", "window_end", "is_first", "measure", "part", "place", "n")
            self._connection.register("counts", pa.table(dict(zip(columns, zip(*counts, strict=True), strict=True))))
            self._connection.execute("insert into landed by name select * from counts")
            self._connection.unregister("counts")
            given: dict[str, Any] = {
                "files": [str(one.path) for one in new],
                "window_end": [one.end for one in new],
                "table_name": name,
            }
            # Names are identifiers by validation.
            self._connection.execute(_REPEATED.format(key=", ".join(declared.key)), given)
            later = [(str(one.path), one.start + overlap, one.end) for one in new if one.start is not None]
            if later:
                files, since, ends = (list(values) for values in zip(*later, strict=True))
                given |= {"files": files, "since": since, "window_end": ends}
                self._connection.execute(_HOURS.format(cursor=declared.cursor), given)
        except (OSError, ValueError, pa.ArrowInvalid, duckdb.Error) as error:
            raise SourceUnavailable(
                f"A landing file in {folder} cannot be read ({type(error).__name__}). Delete the damaged file and run "
                "`waybill extract`, which lands its window again."
            ) from None

    def _footer(self, name: str, one: _File, declared: TableSettings) -> list[tuple[Any, ...]]:
        """Rows, nulls by column, and columns that are not as declared, as the file's footer tells."""
        metadata = pq.read_metadata(one.path)
        nulls = dict.fromkeys(declared.columns, 0)
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
        said = (str(one.path), name, one.end, one.start is None)
        return [(*said, measure, part, 0, float(count)) for measure, part, count in counts]
