"""Extraction after an erasure: the person's rows stay away, whatever table they are in and whenever they come."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest

from waybill import tombstones
from waybill.errors import ConfigurationError, LedgerConflict
from waybill.home import Home
from waybill.sources import extract
from waybill.tombstones import Tombstones

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Declare = Callable[..., str]
SHOP = """
create table orders (id varchar, total numeric(18,4), customer bigint, updated_at timestamptz);
create table customers (id bigint, updated_at timestamptz);
create table clicks (id varchar, kind varchar, ref varchar, updated_at timestamptz);
insert into customers values (7, '2026-11-20 10:00:00+00'), (8, '2026-11-20 10:00:00+00');
insert into orders values
    ('a', 1, 7, '2026-11-20 10:00:00+00'), ('b', 2, 8, '2026-11-20 10:00:00+00'),
    ('c', 3, null, '2026-11-20 10:00:00+00');
insert into clicks values
    ('1', 'order', 'a', '2026-11-20 10:00:00+00'), ('2', 'order', 'b', '2026-11-20 10:00:00+00'),
    ('3', 'page', 'a', '2026-11-20 10:00:00+00'), ('4', 'order', null, '2026-11-20 10:00:00+00');
"""
TABLES = """
columns.customer = "bigint"
person = [{ column = "customer", table = "customers" }]
[sources.shop.tables.clicks]
key = ["id"]
cursor = "updated_at"
columns.id = "varchar"
columns.kind = "varchar"
columns.ref = "varchar"
columns.updated_at = "timestamptz"
person = [{ column = "ref", table = "orders", when = { kind = "order" } }]
[sources.shop.tables.customers]
key = ["id"]
cursor = "updated_at"
columns.id = "bigint"
columns.updated_at = "timestamptz"
person = "self"
"""


def ids(place: Any, table: str) -> list[Any]:
    files = (place.home / "landing" / "shop" / table).glob("*.parquet")
    return sorted(row["id"] for path in files for row in pq.read_table(path).to_pylist())


def erase(place: Any, table: str, value: str) -> None:
    home = Home(place.home)
    home.create()
    known = tombstones.read(home)
    tombstones.save(home, known.with_more([known.of("shop", table, "id", value)]))


def test_rows_of_erased_people_do_not_land(shop: Any, place: Any, declare: Declare) -> None:
    shop.sql(SHOP)
    erase(place, "customers", "7")
    report = extract(place.at(NOON, shop.uri, declare(TABLES)))
    assert (ids(place, "customers"), ids(place, "orders"), ids(place, "clicks")) == ([8], ["b", "c"], ["2", "3", "4"])
    assert {one.table: one.left_out for one in report.tables} == {"customers": 1, "orders": 1, "clicks": 1}
    assert report.counts()["left_out"] == 3
    assert b"/7" not in tombstones.path(Home(place.home)).read_bytes()

    # A new order of theirs, and a click that means it and comes in a later window than the order.
    shop.sql("insert into orders values ('d', 4, 7, '2026-11-20 12:30:00+00')")
    extract(place.at(NOON + timedelta(hours=1), shop.uri, declare(TABLES)))
    shop.sql("insert into clicks values ('5', 'order', 'd', '2026-11-20 13:30:00+00')")
    shop.sql("update orders set customer = 8, updated_at = '2026-11-20 13:30:00+00' where id = 'a'")
    extract(place.at(NOON + timedelta(hours=2), shop.uri, declare(TABLES)))
    assert (ids(place, "orders"), ids(place, "clicks")) == (["b", "c"], ["2", "3", "4"])


def test_a_table_that_says_nothing_is_refused_once_somebody_was_erased(
    duckdb_file: Any, place: Any, declare: Declare
) -> None:
    duckdb_file.sql("create table orders (id varchar, total numeric(18,4), updated_at timestamptz)")
    extract(place.at(NOON, duckdb_file.uri, declare()))
    erase(place, "customers", "7")
    before = place.landed()
    with pytest.raises(ConfigurationError, match=r"whose the rows of orders are"):
        extract(place.at(NOON + timedelta(hours=1), duckdb_file.uri, declare()))
    assert place.landed() == before
    assert (
        extract(place.at(NOON + timedelta(hours=1), duckdb_file.uri, declare('person = "none"'))).counts()["files"] == 0
    )


def test_nothing_is_extracted_beside_an_unfinished_erasure_or_damaged_tombstones(
    duckdb_file: Any, place: Any, declare: Declare
) -> None:
    duckdb_file.sql("create table orders (id varchar, total numeric(18,4), updated_at timestamptz)")
    home = Home(place.home)
    home.create()
    tombstones.journal_path(home).write_text("{}")
    with pytest.raises(LedgerConflict, match="forget --resume"):
        extract(place.at(NOON, duckdb_file.uri, declare()))
    tombstones.journal_path(home).unlink()
    tombstones.save(home, Tombstones())
    tombstones.path(home).write_bytes(b"no Parquet")
    with pytest.raises(LedgerConflict, match="who was erased"):
        extract(place.at(NOON, duckdb_file.uri, declare()))
