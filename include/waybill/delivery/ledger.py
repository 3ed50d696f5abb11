"""The ledger: opened for writing by delivery alone, read-only by everybody else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from sqlalchemy import Connection, Engine, Integer, Table

from waybill.delivery import database, migrations, queries, ranges, schema
from waybill.delivery.queries import FileRow
from waybill.home import Home

SNAPSHOT = (schema.files, schema.batches, schema.attempts, schema.exceptions, schema.actions)
"""The tables that are given back to people and to dbt."""


class Ledger:
    """One home's ledger. Work happens inside ``transaction``, which commits when its block ends well.

    Raises SourceUnavailable when it is locked, unreadable or away, LedgerConflict when it is damaged or contradicted,
    and ConfigurationError when a newer Waybill wrote it or its server refuses us.
    """

    def __init__(self, home: Home, *, busy_seconds: float = 30.0) -> None:
        self.place = database.place(home)
        with database.clear_errors(self.place):
            self._engine = self.place.open(writable=True, busy_seconds=busy_seconds)
            try:
                with self._engine.begin() as connection:
                    self.place.prepare(connection)
                    migrations.migrate(connection, str(self.place))
            except BaseException:
                self.close()
                raise

    @classmethod
    def open_readonly(cls, home: Home, *, busy_seconds: float = 30.0) -> Self:
        """The ledger for readers; where there is none yet, an empty one."""
        ledger = cls.__new__(cls)
        ledger.place = database.place(home)
        found = _version(ledger.place, busy_seconds)
        if 0 < found < migrations.VERSION:
            cls(home, busy_seconds=busy_seconds).close()  # a reader of this version knows only its own tables
        if found:
            ledger._engine = ledger.place.open(writable=False, busy_seconds=busy_seconds)
        else:
            ledger._engine = _empty()
        return ledger

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: all of it is committed, or nothing is. A reader sees one moment of the ledger."""
        with database.clear_errors(self.place), self._engine.begin() as connection:
            yield connection

    def last_enrolled(self, destination: str) -> str:
        """The file_id at the end of a destination's chain; '' when nothing was enrolled."""
        with self.transaction() as connection:
            chain = queries.files(connection, destination)
        return chain[-1].file_id if chain else ""

    def enrolled_files(self, destination: str | None = None) -> list[FileRow]:
        """The enrolled files of a destination (or of all), in the order of enrolment."""
        with self.transaction() as connection:
            return queries.files(connection, destination)

    def tables_as_arrow(self, tables: Sequence[Table] = SNAPSHOT) -> dict[str, pa.Table]:
        """These tables as of one moment; typed also when empty, times as UTC timestamps."""
        with self.transaction() as connection:
            return {table.name: _as_arrow(table, queries.whole(connection, table)) for table in tables}

    def vacuum(self) -> None:
        """Leaves nothing of changed rows behind in the ledger's file."""
        with database.clear_errors(self.place):
            self.place.vacuum(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _version(place: database.Place, busy_seconds: float) -> int:
    if not place.exists():
        return 0
    with database.clear_errors(place):
        engine = place.open(writable=False, busy_seconds=busy_seconds)
        with engine.begin() as connection:
            found = migrations.version(connection)
    migrations.check(found, str(place))
    return found


def _empty() -> Engine:
    empty = database.open_memory()
    schema.METADATA.create_all(empty)
    return empty


def _as_arrow(table: Table, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    arrays = []
    for column, values in zip(table.columns, columns, strict=True):
        if isinstance(column.type, schema.Moment):
            kind = pa.timestamp("us", tz="UTC")
        else:
            kind = pa.int64() if isinstance(column.type, Integer) else pa.string()
        if isinstance(column.type, schema.RowRanges):
            values = tuple(ranges.to_text(value) for value in values)
        arrays.append(pa.array(values, type=kind))
    return pa.table(arrays, names=[column.name for column in table.columns])
