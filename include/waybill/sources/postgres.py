"""A PostgreSQL warehouse, streamed through ADBC: memory stays flat, and one snapshot serves all tables of a run."""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

import pyarrow as pa
from adbc_driver_manager import dbapi as adbc
from adbc_driver_postgresql import dbapi as postgresql

from waybill.declared import TableSettings
from waybill.sources.base import TableName, quote, window_condition
from waybill.sources.types import is_naive
from waybill.sources.uris import PostgresServer
from waybill.sources.windows import Window

_COLUMNS = """
select attribute.attname, format_type(coalesce(nullif(kind.typbasetype, 0), kind.oid), attribute.atttypmod)
from pg_attribute as attribute
inner join pg_type as kind on kind.oid = attribute.atttypid
where attribute.attrelid = to_regclass($1) and attribute.attnum > 0 and not attribute.attisdropped
order by attribute.attnum
"""
_CAST = {
    "varchar": "text",
    "boolean": "boolean",
    "integer": "int4",
    "bigint": "int8",
    "double": "float8",
    "date": "date",
}
_ABOUT_THE_SERVER = frozenset({"08", "25", "28", "3D", "3F", "42", "53", "55", "57", "58"})
"""Classes of SQLSTATE about connections, rights, names, resources and operators: their texts hold nothing of a row."""


class PostgresWarehouse:
    """One read-only, repeatable-read transaction."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        try:
            self._connection = postgresql.connect(server.with_timeout(10))
        except adbc.Error as error:
            raise self._server.refusal(str(error), "cannot be connected to") from None
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
                cursor.execute("set local time zone 'UTC'")
        except adbc.Error as error:
            self._connection.close()
            raise server.refusal(str(error), "refused a read-only transaction") from None

    def columns(self, name: TableName) -> dict[str, str]:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(_COLUMNS, parameters=(name.quoted,))
                return {row[0]: row[1] for row in cursor.fetchall()}
        except adbc.Error as error:
            raise self._server.refusal(_said(error), f"could not describe table {name}; nothing was landed") from None

    def batches(
        self, name: TableName, table: TableSettings, found: dict[str, str], window: Window
    ) -> Iterator[pa.RecordBatch]:
        columns = ", ".join(_column(column, kind, found[column]) for column, kind in table.columns.items())
        condition = window_condition(table.cursor, found[table.cursor], window)
        query = f"select {columns} from {name.quoted} where {condition}"  # noqa: S608 (quoted names, our own moments)
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(query)
                yield from cursor.fetch_record_batch()
        except (adbc.Error, pa.ArrowException, OSError) as error:
            raise self._server.refusal(_said(error), f"could not read table {name}; nothing was landed") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


def _said(error: Exception) -> str:
    """What a server says while rows are read, where it speaks of itself; else its code alone, because a complaint about
    a value quotes the value, and what a function of the warehouse raises may say anything."""
    code = getattr(error, "sqlstate", None) or ""
    if code[:2] in _ABOUT_THE_SERVER:
        return str(error)
    return f"{type(error).__name__} (SQLSTATE {code or 'not given'}; what was said may quote a row)"


def _column(name: str, declared: str, found: str) -> str:
    """A column in a type that the driver knows; numeric travels as text, because it has no fixed digits there."""
    column = quote(name)
    if declared == "timestamptz":
        return f"{column} at time zone 'UTC' as {column}" if is_naive(found) else column
    return f"{column}::{_CAST.get(declared, 'text')} as {column}"
