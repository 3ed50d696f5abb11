"""Brings what is new in the warehouse to landing/: all tables of a run up to the same moment, all of them or none."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyarrow as pa

from waybill import tombstones
from waybill.declared import TableSettings
from waybill.errors import ConfigurationError
from waybill.settings import Settings
from waybill.sources import landing
from waybill.sources.base import TableName, Warehouse
from waybill.sources.duckdb import DuckDbWarehouse
from waybill.sources.postgres import PostgresWarehouse
from waybill.sources.types import as_declared, check
from waybill.sources.uris import Address, DuckDbFile, parse
from waybill.sources.windows import Window, next_window
from waybill.tombstones import Sieve

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TableReport:
    """What one table's window brought; ``file`` (relative to the home) is None when there was nothing to land.

    ``left_out`` counts the rows of people who were erased, which did not land.
    """

    source: str
    table: str
    file: str | None
    rows: int
    window_start: datetime | None
    window_end: datetime
    newest_cursor: datetime | None
    left_out: int = 0


@dataclass(frozen=True)
class ExtractReport:
    """What a run landed."""

    started_at: datetime
    ended_at: datetime
    tables: tuple[TableReport, ...]

    def counts(self) -> dict[str, int | float]:
        """Rows and files landed; ``lag_seconds_max`` is how far a newest row is behind the window's end, at worst.

        ``left_out``, where somebody was erased: rows of erased people that the warehouse still has.
        """
        lags = [(one.window_end - one.newest_cursor).total_seconds() for one in self.tables if one.newest_cursor]
        rows: Counter[str] = Counter()
        for one in self.tables:
            rows[f"rows_{one.table}"] += one.rows
        left_out = sum(one.left_out for one in self.tables)
        return {
            "rows": sum(one.rows for one in self.tables),
            "files": sum(one.file is not None for one in self.tables),
            **rows,
            **({"left_out": left_out} if left_out else {}),
            "lag_seconds_max": round(max(lags, default=0.0), 3),
        }


@dataclass(frozen=True)
class _Task:
    source: str
    table: str
    name: TableName
    declared: TableSettings
    window: Window


def extract(settings: Settings) -> ExtractReport:
    """Lands every declared table's rows since its watermark, with the overlap, up to now; none of erased people.

    Raises ConfigurationError or SourceUnavailable, with landing as it was; an interrupted run is simply run again.
    """
    address = parse(settings.warehouse_uri.get_secret_value() if settings.warehouse_uri else None)
    now = settings.clock.now()
    settings.home.create()
    staged: list[tuple[_Task, landing.Staged]] = []
    with landing.sole_writer(settings.home.landing), ExitStack() as opened:
        tombstones.refuse_unfinished(settings.home)
        sieves = _sieves(settings, opened)
        warehouse = opened.enter_context(_open(address))
        tasks = [
            _task(settings, source, table, now)
            for source, declared in settings.sources.items()
            for table in declared.people_first()
        ]
        found = _columns(warehouse, address, tasks)
        try:
            for task in tasks:
                staged.append((task, _stage(settings, warehouse, task, found[task.name], sieves[task.source])))
            _remember(settings, sieves)
            return _publish(settings, now, staged)
        except BaseException:
            landing.discard(one for _, one in staged)
            raise


def _sieves(settings: Settings, opened: ExitStack) -> dict[str, Sieve]:
    """What keeps erased people's rows out, per source; they share the home's tombstones."""
    known = tombstones.read(settings.home)
    return {name: opened.enter_context(Sieve(name, source, known)) for name, source in settings.sources.items()}


def _remember(settings: Settings, sieves: Mapping[str, Sieve]) -> None:
    """Keeps the names of rows that were left out (an erased customer's new order), for rows that mean them later."""
    known = tombstones.read(settings.home)
    digests = frozenset[str]().union(*(sieve.tombstones.digests for sieve in sieves.values()))
    if digests - known.digests:
        tombstones.save(settings.home, known.with_more(digests))


def _task(settings: Settings, source: str, table: str, now: datetime) -> _Task:
    declared = settings.sources[source]
    watermark = landing.newest_end(settings.home.landing / source / table)
    window = next_window(watermark, timedelta(minutes=declared.overlap_minutes), now)
    return _Task(source, table, TableName(declared.db_schema, table), declared.tables[table], window)


def _open(address: Address) -> Warehouse:
    return DuckDbWarehouse(address.path) if isinstance(address, DuckDbFile) else PostgresWarehouse(address)


def _columns(warehouse: Warehouse, address: Address, tasks: list[_Task]) -> dict[TableName, dict[str, str]]:
    """The columns of every table, all checked before the first row is read."""
    found = {task.name: warehouse.columns(task.name) for task in tasks}
    missing = [str(name) for name, columns in found.items() if not columns]
    if missing:
        raise ConfigurationError(
            f"{address.shown} has no table {', '.join(missing)}; nothing was landed. Correct the schema and tables "
            "under [sources] in waybill.toml, or WAYBILL_WAREHOUSE_URI."
        )
    for task in tasks:
        check(f"{task.name} of {address.shown}", task.declared.columns, found[task.name])
    return found


def _stage(
    settings: Settings, warehouse: Warehouse, task: _Task, found: dict[str, str], sieve: Sieve
) -> landing.Staged:
    folder = settings.home.landing / task.source / task.table
    schema = landing.declared_schema(task.declared)
    left_out = 0

    def rows() -> Iterator[pa.RecordBatch]:
        nonlocal left_out
        for batch in warehouse.batches(task.name, task.declared, found, task.window):
            declared = as_declared(str(task.name), batch, schema)
            kept = sieve.kept(task.table, declared)
            left_out += len(declared) - len(kept)
            yield kept

    one = landing.stage(folder, str(task.name), task.declared, task.window, settings.clock.now(), rows())
    _log.info("read %s rows of %s.%s", one.rows, task.source, task.table)
    return replace(one, left_out=left_out)


def _publish(settings: Settings, now: datetime, staged: list[tuple[_Task, landing.Staged]]) -> ExtractReport:
    """Lets the files count; one without rows only where the table has none yet, so that a glob finds a typed file."""
    is_needed = [one.rows > 0 or task.window.start is None for task, one in staged]
    landing.discard(one for (_, one), needed in zip(staged, is_needed, strict=True) if not needed)
    landing.publish(one for (_, one), needed in zip(staged, is_needed, strict=True) if needed)
    reports = [
        TableReport(
            source=task.source,
            table=task.table,
            file=str(one.path.relative_to(settings.home.root)) if needed else None,
            rows=one.rows,
            window_start=task.window.start,
            window_end=task.window.end,
            newest_cursor=one.newest_cursor,
            left_out=one.left_out,
        )
        for (task, one), needed in zip(staged, is_needed, strict=True)
    ]
    return ExtractReport(now, settings.clock.now(), tuple(reports))
