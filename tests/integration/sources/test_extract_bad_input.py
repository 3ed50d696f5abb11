"""Bad input: one clear error that names what is wrong, landing as it was, and no password anywhere."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest

from waybill.errors import ConfigurationError, SourceUnavailable, WaybillError
from waybill.sources import extract
from waybill.sources.landing import sole_writer

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
ORDERS = """
create table orders (id varchar, total numeric(18,4), updated_at timestamptz);
insert into orders values ('1', 1, '2026-11-20 11:59:00+00');
"""
Refusal = Callable[..., str]


@pytest.fixture
def refusal(place: Any, declare: Callable[..., str]) -> Refusal:
    """Extracts, expects this error, checks that landing is as it was, and gives the message."""

    def refuse(kind: type[WaybillError], uri: str | None, more: str = "", table: str = "orders") -> str:
        before = place.landed()
        with pytest.raises(kind) as caught:
            extract(place.at(LATER, uri, declare(more, table=table)))
        assert place.landed() == before
        assert "secret" not in str(caught.value)
        return str(caught.value)

    return refuse


def test_no_warehouse(refusal: Refusal) -> None:
    assert "No warehouse is set. Set WAYBILL_WAREHOUSE_URI" in refusal(ConfigurationError, None)


def test_a_scheme_nobody_reads(refusal: Refusal) -> None:
    assert "'oracle'" in refusal(ConfigurationError, "oracle://ada:secret@127.0.0.1/shop")


def test_a_file_that_is_not_there(refusal: Refusal, tmp_path: Path) -> None:
    assert f"There is no DuckDB file {tmp_path}/none.duckdb" in refusal(
        ConfigurationError, f"duckdb:///{tmp_path}/none.duckdb"
    )


def test_a_file_that_is_no_database(refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "notes.duckdb").write_text("these are my notes " * 1000)
    message = refusal(ConfigurationError, f"duckdb:///{tmp_path}/notes.duckdb")
    assert f"{tmp_path}/notes.duckdb is not a DuckDB file" in message


def test_a_file_that_another_process_writes(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    code = f"import duckdb; held = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        message = refusal(SourceUnavailable, f"duckdb:///{path}")
        other.communicate(b"\n")
    assert f"{path} is open for writing elsewhere" in message


def test_a_database_without_the_tables(shop: Any, refusal: Refusal) -> None:
    shop.sql("create table customers (id varchar)")
    assert "has no table orders; nothing was landed" in refusal(ConfigurationError, shop.uri)


def test_columns_that_are_missing_or_of_another_type(shop: Any, refusal: Refusal) -> None:
    shop.sql("create table orders (id varchar, total double precision, updated_at timestamptz)")
    message = refusal(ConfigurationError, shop.uri, 'columns.paid_at = "timestamptz"')
    assert "Table orders of " in message
    assert "paid_at is missing" in message
    assert "cannot be read as decimal(18,4)" in message


def test_a_number_with_more_digits_than_declared(shop: Any, refusal: Refusal) -> None:
    shop.sql("create table orders (id varchar, total numeric(18,6), updated_at timestamptz)")
    shop.sql("insert into orders values ('1', 1.234567, '2026-11-20 11:59:00+00')")
    assert "Table orders has values in total that decimal128(18, 4) does not hold" in refusal(
        ConfigurationError, shop.uri
    )


def test_not_a_number(postgres: Any, refusal: Refusal) -> None:
    postgres.sql("create table orders (id varchar, total numeric, updated_at timestamptz)")
    postgres.sql("insert into orders values ('1', 'NaN', '2026-11-20 11:59:00+00')")
    assert "not a number" in refusal(ConfigurationError, postgres.uri)


@pytest.mark.parametrize("damage", [b"", b"PAR1 and no more", b"not Parquet at all"])
def test_a_damaged_newest_file(
    shop: Any, place: Any, declare: Callable[..., str], refusal: Refusal, damage: bytes
) -> None:
    shop.sql(ORDERS)
    extract(place.at(NOON, shop.uri, declare()))
    path = place.home / "landing/shop/orders/beginning__20261120T120000000000Z.parquet"
    path.write_bytes(damage)
    assert f"{path} is damaged" in refusal(ConfigurationError, shop.uri)
    path.unlink()
    assert extract(place.at(LATER, shop.uri, declare())).tables[0].rows == 1


def test_a_strange_file_in_landing(duckdb_file: Any, place: Any, refusal: Refusal) -> None:
    duckdb_file.sql(ORDERS)
    strange = place.home / "landing/shop/orders/copy.parquet"
    strange.parent.mkdir(parents=True)
    strange.write_bytes(b"x")
    assert f"{strange} is not a file that" in refusal(ConfigurationError, duckdb_file.uri)


def test_a_file_where_a_folder_should_be(duckdb_file: Any, place: Any, refusal: Refusal) -> None:
    duckdb_file.sql(ORDERS)
    blocked = place.home / "landing/shop"
    blocked.parent.mkdir(parents=True)
    blocked.write_text("x")
    assert f"{blocked}/orders cannot be read or written (Not a directory)" in refusal(
        ConfigurationError, duckdb_file.uri
    )


def test_an_extraction_beside_another_one(duckdb_file: Any, place: Any, declare: Any, refusal: Refusal) -> None:
    duckdb_file.sql(ORDERS)
    extract(place.at(NOON, duckdb_file.uri, declare()))
    with sole_writer(place.home / "landing"):
        assert "Another extraction" in refusal(SourceUnavailable, duckdb_file.uri)


def test_a_clock_before_what_was_landed(duckdb_file: Any, place: Any, declare: Any, refusal: Refusal) -> None:
    """And the way out that its message names."""
    duckdb_file.sql(ORDERS)
    extract(place.at(NOON, duckdb_file.uri, declare()))
    duckdb_file.sql("insert into orders values ('2', 1, '2026-11-20 12:04:00+00')")
    extract(place.at(LATER + timedelta(hours=1), duckdb_file.uri, declare()))
    message = refusal(ConfigurationError, duckdb_file.uri)
    assert "The clock says 2026-11-20T12:05:00" in message and "move the files whose names end later" in message
    (ahead,) = (place.home / "landing/shop/orders").glob("*__20261120T13*.parquet")
    ahead.unlink()

    extract(place.at(LATER, duckdb_file.uri, declare()))

    (again,) = (place.home / "landing/shop/orders").glob("*__20261120T1205*.parquet")
    assert "2" in pq.read_table(again)["id"].to_pylist()


def test_a_server_that_does_not_answer(refusal: Refusal) -> None:
    message = refusal(SourceUnavailable, "postgresql://ada:secret@127.0.0.1:9/shop")
    assert "postgresql://ada@127.0.0.1:9/shop cannot be connected to" in message
    assert "Check that the server runs" in message


def test_a_database_that_is_not_there(postgres_server: Any, refusal: Refusal) -> None:
    assert '"nowhere" does not exist' in refusal(ConfigurationError, postgres_server.uri("nowhere"))


def test_a_wrong_password(postgres_server: Any, refusal: Refusal) -> None:
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute("create role guarded login password 'right'")
        rules = postgres_server.folder / "pg_hba.conf"
        rules.write_text("local all guarded scram-sha-256\n" + rules.read_text())
        connection.execute("select pg_reload_conf()")
    message = refusal(ConfigurationError, postgres_server.uri(user="guarded:secret"))
    assert 'password authentication failed for user "guarded"' in message
    assert "WAYBILL_WAREHOUSE_URI" in message


def test_a_user_without_the_right_to_read(postgres: Any, refusal: Refusal) -> None:
    postgres.sql(ORDERS + "create role stranger login;")
    message = refusal(ConfigurationError, postgres.uri.replace("postgres@", "stranger@"))
    assert "could not read table orders; nothing was landed" in message
    assert "permission denied" in message


def test_a_query_that_fails_midway(postgres: Any, place: Any, declare: Callable[..., str], refusal: Refusal) -> None:
    postgres.sql(ORDERS)
    extract(place.at(NOON, postgres.uri, declare()))
    postgres.sql(
        """
        drop table orders;
        create view orders as select cast(n as varchar) as id, cast(1 / (250000 - n) as numeric(18,4)) as total,
            timestamptz '2026-11-20 12:01:00+00' as updated_at from generate_series(1, 300000) as numbers(n)
        """
    )
    assert "could not read table orders; nothing was landed" in refusal(SourceUnavailable, postgres.uri)


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz", "date"])
@pytest.mark.parametrize("value", ["infinity", "-infinity"])
def test_moments_that_no_calendar_has(shop: Any, refusal: Refusal, kind: str, value: str) -> None:
    shop.sql(ORDERS + f"alter table orders add column until {kind}; update orders set until = '{value}'")
    declared = "date" if kind == "date" else "timestamptz"
    message = refusal(ConfigurationError, shop.uri, f'columns.until = "{declared}"')
    assert "Table orders has values in until outside the years 1 to 9999" in message


def test_the_warehouse_is_never_changed(duckdb_file: Any, place: Any, declare: Any) -> None:
    duckdb_file.sql(ORDERS)
    path = Path(duckdb_file.uri.removeprefix("duckdb:///"))
    before = path.read_bytes()
    extract(place.at(NOON, duckdb_file.uri, declare()))
    assert path.read_bytes() == before
    with duckdb.connect(path) as connection:  # and it is free again
        assert connection.execute("select count(*) from orders").fetchall() == [(1,)]


@pytest.mark.parametrize("fails", ["cast(nullif(note, '') as numeric)", "told(note)"])
def test_what_a_server_says_of_a_value_is_not_passed_on(
    postgres: Any, declare: Callable[..., str], refusal: Refusal, fails: str
) -> None:
    postgres.sql(
        "create table notes (id varchar, note varchar, updated_at timestamptz);"
        "insert into notes values ('1', 'zq.canary@example.com', '2026-11-20 11:59:00+00');"
        "create function told(note varchar) returns numeric language plpgsql as "
        "$$ begin raise exception 'this is %', note; end $$;"
        f"create view orders as select id, {fails} as total, updated_at from notes"
    )
    message = refusal(SourceUnavailable, postgres.uri)
    assert "could not read table orders; nothing was landed" in message and "SQLSTATE" in message
    assert "zq.canary" not in message
