"""A sample in PostgreSQL: tables with keys and an index on the cursor, filled by COPY in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import polars as pl
import psycopg

from waybill.errors import ConfigurationError
from waybill.sample.shop import KEYS, Tables
from waybill.sample.store import MARKER, Slice, create_table, replace_rows
from waybill.sources.uris import PostgresServer

_NULL = "\\N"
_CHUNK_ROWS = 50_000


class PostgresStore:
    """A connection to the server's database; tables go to the first schema of its search path."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        try:
            self._connection = psycopg.connect(server.uri, autocommit=True, connect_timeout=10)
        except psycopg.Error as error:
            raise server.refusal(str(error), "cannot be connected to") from None
        self._connection.execute("set time zone 'UTC'")

    def tables(self) -> set[str]:
        rows = self.read("select table_name from information_schema.tables where table_schema = current_schema()")
        return {str(row[0]) for row in rows} & {*KEYS, MARKER}

    def slices(self) -> list[Slice]:
        if MARKER not in self.tables():
            return []
        return [Slice(*row) for row in self.read(f"select * from {MARKER} order by slice_number")]  # noqa: S608

    def read(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query.encode()).fetchall()

    def create(self, tables: Tables, first: Slice) -> None:
        with _writing(self._connection, self._server) as cursor:
            for name, frame in tables.items():
                _run(cursor, f"drop table if exists {name}")
                _run(cursor, create_table(name, frame, with_key=True))
                _copy(cursor, name, frame)
                _run(cursor, f"create index on {name} (updated_at)")
            _run(cursor, f"drop table if exists {MARKER}")
            _run(cursor, f"create table {MARKER} ({Slice.columns()})")
            _mark(cursor, first)

    def merge(self, tables: Tables, later: Slice) -> None:
        with _writing(self._connection, self._server) as cursor:
            for name, frame in tables.items():
                _run(cursor, f"create temporary table new_rows (like {name}) on commit drop")
                _copy(cursor, "new_rows", frame)
                for statement in replace_rows(name, "new_rows"):
                    _run(cursor, statement)
                _run(cursor, "drop table new_rows")
            _mark(cursor, later)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


@contextmanager
def _writing(connection: psycopg.Connection, server: PostgresServer) -> Iterator[psycopg.Cursor]:
    """One transaction, whose failure is told without rows or password."""
    try:
        with connection.transaction(), connection.cursor() as cursor:
            yield cursor
    except psycopg.OperationalError as error:
        raise server.refusal(str(error), "went away while the sample was written; nothing was changed") from None
    except psycopg.Error as error:
        raise ConfigurationError(
            f"{server.shown} refused the sample's tables ({error.diag.message_primary}); nothing was changed. "
            "Use a database in which this user may create tables."
        ) from None


def _run(cursor: psycopg.Cursor, statement: str) -> None:
    cursor.execute(statement.encode())


def _copy(cursor: psycopg.Cursor, table: str, frame: pl.DataFrame) -> None:
    with cursor.copy(f"copy {table} from stdin with (format csv, null '{_NULL}')".encode()) as copy:
        for part in frame.iter_slices(_CHUNK_ROWS):
            copy.write(
                part.write_csv(
                    include_header=False, null_value=_NULL, datetime_format="%Y-%m-%d %H:%M:%S.%6fZ"
                ).encode()
            )


def _mark(cursor: psycopg.Cursor, slice_: Slice) -> None:
    places = ", ".join("%s" for _ in slice_.values)
    cursor.execute(f"insert into {MARKER} values ({places})".encode(), slice_.values)  # noqa: S608
