"""A sample in a DuckDB file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.sample.shop import KEYS, Tables
from waybill.sample.store import MARKER, Slice, create_table, replace_rows


class DuckDbStore:
    """The file, opened for writing; nobody else can have it open meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_new = not path.exists()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = duckdb.connect(path)
        except (OSError, duckdb.Error) as error:
            raise _refusal(path, error) from error

    def tables(self) -> set[str]:
        rows = self.read("select table_name from information_schema.tables where table_schema = current_schema()")
        return {str(row[0]) for row in rows} & {*KEYS, MARKER}

    def slices(self) -> list[Slice]:
        if MARKER not in self.tables():
            return []
        return [Slice(*row) for row in self.read(f"select * from {MARKER} order by slice_number")]  # noqa: S608

    def read(self, query: str) -> list[tuple[Any, ...]]:
        self._connection.execute("set TimeZone = 'UTC'")
        return self._connection.execute(query).fetchall()

    def create(self, tables: Tables, first: Slice) -> None:
        with self._writing() as cursor:
            for name, frame in tables.items():
                cursor.execute(f"drop table if exists {name}")
                cursor.execute(create_table(name, frame, with_key=False))
                cursor.register("new_rows", frame)
                cursor.execute(f"insert into {name} select * from new_rows")  # noqa: S608
            cursor.execute(f"drop table if exists {MARKER}")
            cursor.execute(f"create table {MARKER} ({Slice.columns()})")
            _mark(cursor, first)

    def merge(self, tables: Tables, later: Slice) -> None:
        with self._writing() as cursor:
            for name, frame in tables.items():
                cursor.register("new_rows", frame)
                for statement in replace_rows(name, "new_rows"):
                    cursor.execute(statement)
            _mark(cursor, later)

    @contextmanager
    def _writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction; what fails in it is told without rows."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("begin")
                yield cursor
                cursor.execute("commit")
        except duckdb.Error as error:
            raise ConfigurationError(
                f"{self._path} refused the sample's tables ({type(error).__name__}); nothing was changed. Make room on "
                "the disk, drop what depends on the tables, or name another file with --into."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        if error is not None and self._is_new:
            self._path.unlink(missing_ok=True)


def _mark(cursor: duckdb.DuckDBPyConnection, slice_: Slice) -> None:
    places = ", ".join("?" for _ in slice_.values)
    cursor.execute(f"insert into {MARKER} values ({places})", slice_.values)  # noqa: S608


def _refusal(path: Path, error: Exception) -> ConfigurationError | SourceUnavailable:
    text = str(error)
    if "lock" in text or "different configuration" in text:
        return SourceUnavailable(
            f"{path} is open in another process, and DuckDB gives a file to one writer. Close that process (a DuckDB "
            "shell, a notebook, a running extraction) and run the sample again."
        )
    if "not a valid DuckDB" in text:
        return ConfigurationError(f"{path} is not a DuckDB file; it was left as it is. Name another file with --into.")
    return ConfigurationError(f"{path} cannot be written. Name a file in a folder that you may write to with --into.")
