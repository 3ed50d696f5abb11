"""dbt as ``waybill.warehouse.dbt`` starts it: ``python -m waybill.warehouse.dbt_child build …``.

DuckDB's errors quote the value that they stumble over, and dbt writes them to its log, its results and its output.
Here they are told without it, before dbt sees them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import duckdb

_ABOUT_THE_QUERY: Final = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.DependencyException,
    duckdb.IOException,
    duckdb.InterruptException,
    duckdb.NotImplementedException,
    duckdb.OutOfMemoryException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
    duckdb.TransactionException,
)
"""Errors about the text of a query or the machine, found before a row is read: they are told in full."""

_OF_THE_SYSTEM: Final = ("No space left on device", "File too large", "Disk quota exceeded", "Read-only file system")
"""What the system says of a disk: told whatever kind of error it came in."""

_COLUMN: Final = re.compile(r"when casting from source column ([A-Za-z_]\w*)")
_LINE: Final = re.compile(r"^LINE (\d{1,6}):", re.MULTILINE)


def without_values(error: duckdb.Error, query: str) -> str:
    """An error without anything of a row: its kind, and the column and the line of the query where it says so."""
    said = str(error)
    if isinstance(error, _ABOUT_THE_QUERY):
        return said
    told = f"{type(error).__name__}: a value of a row cannot be used (it is not shown)"
    told += "".join(f"; {words}" for words in _OF_THE_SYSTEM if words in said)
    column = _COLUMN.search(said)
    if column and re.search(rf"\b{column[1]}\b", query):
        told += f"; it was cast from column {column[1]}"
    line = _LINE.search(said)
    lines = query.splitlines()
    if line and 0 < int(line[1]) <= len(lines):
        told += f"\nLINE {line[1]}: {lines[int(line[1]) - 1].strip()}"
    return told


def quieten(manager: Any) -> None:
    """Makes a connection manager of dbt-duckdb raise, and so log, errors without values."""
    handled = manager.exception_handler

    @contextmanager
    def exception_handler(self: Any, sql: str, connection_name: str = "master") -> Iterator[None]:
        with handled(self, sql, connection_name):
            try:
                yield
            except duckdb.Error as error:
                raise type(error)(without_values(error, sql)) from None

    manager.exception_handler = exception_handler


def main() -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import cli

    quieten(DuckDBConnectionManager)
    cli()


if __name__ == "__main__":
    main()
