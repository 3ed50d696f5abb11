"""Extraction from real warehouses: exact values, windows, atomicity; the same for DuckDB and PostgreSQL."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from waybill.errors import ConfigurationError
from waybill.sources import extract, landing

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Declare = Callable[..., str]
ORDERS = "create table orders (id varchar, total numeric(18,4), updated_at timestamptz);"


def landed(home: Path, table: str = "orders") -> list[dict[str, Any]]:
    return [row for path in files(home, table) for row in pq.read_table(path).to_pylist()]


def files(home: Path, table: str = "orders") -> list[Path]:
    return sorted((home / "landing" / "shop" / table).glob("*"), key=lambda path: path.name.partition("__")[2])


def test_values_and_types_are_exact(shop: Any, place: Any, declare: Declare) -> None:
    shop.sql(
        """
        create table orders (
            id varchar, total numeric(18,4), updated_at timestamptz, naive timestamp, name varchar, flag boolean,
            small smallint, big bigint, rate double precision, day date, nothing varchar, number bigint
        );
        insert into orders values
            ('1', 12345678901234.5678, '2026-11-20 10:00:00.123456+02', '2026-11-20 08:00:00.654321', 'Ærø ’s 王 😀',
             true, -32768, 9223372036854775807, 0.1, '1899-12-31', null, 42),
            ('2', -0.0001, '2026-11-20 09:00:00.000001+00', '1969-12-31 23:59:59.999999', '',
             false, 7, -1, -1e300, '2026-02-28', null, null),
            ('3', null, '2026-11-20 09:00:00.000002+00', null, null, null, null, null, null, null, null, null);
        """
    )
    more = """
    columns.naive = "timestamptz"
    columns.name = "varchar"
    columns.flag = "boolean"
    columns.small = "integer"
    columns.big = "bigint"
    columns.rate = "double"
    columns.day = "date"
    columns.nothing = "varchar"
    columns.number = "varchar"
    """
    report = extract(place.at(NOON, shop.uri, declare(more)))
    rows = sorted(landed(place.home), key=lambda row: row["id"])
    assert [row["total"] for row in rows] == [Decimal("12345678901234.5678"), Decimal("-0.0001"), None]
    assert rows[0]["updated_at"] == datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)
    assert rows[0]["naive"] == datetime(2026, 11, 20, 8, 0, 0, 654321, tzinfo=UTC)
    assert rows[1]["naive"] == datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert [row["name"] for row in rows] == ["Ærø ’s 王 😀", "", None]
    assert [row["flag"] for row in rows] == [True, False, None]
    assert [row["small"] for row in rows] == [-32768, 7, None]
    assert [row["big"] for row in rows] == [9223372036854775807, -1, None]
    assert [row["rate"] for row in rows] == [0.1, -1e300, None]
    assert [row["day"] for row in rows] == [date(1899, 12, 31), date(2026, 2, 28), None]
    assert [row["number"] for row in rows] == ["42", None, None]
    assert {row["_extracted_at"] for row in rows} == {row["_window_end"] for row in rows} == {NOON}
    assert {row["_window_start"] for row in rows} == {None}
    assert report.tables[0].newest_cursor == datetime(2026, 11, 20, 9, 0, 0, 2, tzinfo=UTC)
    assert report.counts() == {"rows": 3, "files": 1, "rows_orders": 3, "lag_seconds_max": 10_800.0}


MOMENT = pa.timestamp("us", tz="UTC")
SCHEMA = [
    *[("id", pa.string()), ("total", pa.decimal128(18, 4)), ("updated_at", MOMENT), ("nothing", pa.bool_())],
    *[("_run_id", pa.string()), ("_extracted_at", MOMENT), ("_window_start", MOMENT), ("_window_end", MOMENT)],
]


@pytest.mark.parametrize("row", ["", "insert into orders values ('1', null, '2026-11-20 09:00:00+00', null);"])
def test_an_empty_table_and_an_all_null_column_land_typed(shop: Any, place: Any, declare: Declare, row: str) -> None:
    shop.sql("create table orders (id varchar, total numeric(18,4), updated_at timestamptz, nothing boolean);" + row)
    extract(place.at(NOON, shop.uri, declare('columns.nothing = "boolean"')))
    [path] = files(place.home)
    assert path.name == "beginning__20261120T120000000000Z.parquet"
    assert [(field.name, field.type) for field in pq.read_schema(path)] == SCHEMA
    assert pq.read_metadata(path).num_rows == bool(row)


def test_a_window_without_rows_writes_no_second_file(shop: Any, place: Any, declare: Declare) -> None:
    shop.sql(ORDERS)
    extract(place.at(NOON, shop.uri, declare()))
    report = extract(place.at(NOON + MINUTE, shop.uri, declare()))
    assert len(files(place.home)) == 1
    assert report.tables[0].file is None


def test_the_next_window_reads_what_is_new_and_what_was_committed_late(shop: Any, place: Any, declare: Declare) -> None:
    shop.sql(
        ORDERS
        + """
        insert into orders values ('old', 1, '2026-11-20 11:44:59.999999+00'), ('edge', 1, '2026-11-20 11:45:00+00'),
            ('now', 1, '2026-11-20 12:00:00+00'), ('future', 1, '2026-11-20 12:00:00.000001+00');
        """
    )
    extract(place.at(NOON, shop.uri, declare()))
    assert {row["id"] for row in landed(place.home)} == {"old", "edge", "now"}
    shop.sql(
        """
        insert into orders values ('committed late', 1, '2026-11-20 11:50:00+00');
        insert into orders values ('too late', 1, '2026-11-20 11:40:00+00');
        update orders set total = 2, updated_at = '2026-11-20 12:03:00+00' where id = 'old';
        """
    )
    report = extract(place.at(NOON + 5 * MINUTE, shop.uri, declare()))
    assert report.tables[0].file == "landing/shop/orders/20261120T114500000000Z__20261120T120500000000Z.parquet"
    second = pq.read_table(files(place.home)[1]).to_pylist()
    assert {row["id"] for row in second} == {"edge", "now", "future", "committed late", "old"}
    assert {row["_window_start"] for row in second} == {NOON - 15 * MINUTE}
    run_ids = {row["_run_id"] for row in landed(place.home)}
    assert len(run_ids) == 2
    assert {run_id.partition("-")[0] for run_id in run_ids} == {"20261120T120000000000Z", "20261120T120500000000Z"}


def test_the_same_window_again_replaces_its_file(shop: Any, place: Any, declare: Declare) -> None:
    shop.sql(ORDERS + "insert into orders values ('1', 1, '2026-11-20 11:50:00+00')")
    for _ in range(3):
        extract(place.at(NOON, shop.uri, declare()))
    names = [path.name for path in files(place.home)]
    assert sorted(names) == [
        "20261120T114500000000Z__20261120T120000000000Z.parquet",
        "beginning__20261120T120000000000Z.parquet",
    ]


def test_names_with_capitals_quotes_and_schemas_are_quoted(shop: Any, place: Any, declare: Declare) -> None:
    shop.sql(
        """
        create schema "Sales";
        create table "Sales"."Order"
            (id varchar, total numeric(18,4), updated_at timestamptz, "select" varchar, "From" varchar);
        insert into "Sales"."Order" values ('1', 1, '2026-11-20 09:00:00+00', 'a', 'b');
        """
    )
    more = 'columns.select = "varchar"\ncolumns.From = "varchar"'
    extract(place.at(NOON, shop.uri, declare(more, table="Order", schema="Sales")))
    [row] = landed(place.home, "Order")
    assert (row["select"], row["From"]) == ("a", "b")


def test_a_naive_cursor_is_read_as_utc(shop: Any, place: Any, declare: Declare) -> None:
    shop.sql(
        """
        create table orders (id varchar, total numeric(18,4), updated_at timestamp);
        insert into orders values ('1', 1, '2026-11-20 12:00:00'), ('2', 1, '2026-11-20 12:00:00.000001');
        """
    )
    extract(place.at(NOON, shop.uri, declare()))
    assert [(row["id"], row["updated_at"]) for row in landed(place.home)] == [("1", NOON)]


def test_big_tables_come_in_row_groups_of_at_most_a_hundred_thousand(shop: Any, place: Any, declare: Declare) -> None:
    shop.sql(
        ORDERS
        + """
        insert into orders select cast(n as varchar), n, timestamptz '2026-11-20 09:00:00+00'
        from generate_series(1, 250000) as numbers(n)
        """
    )
    extract(place.at(NOON, shop.uri, declare()))
    [path] = files(place.home)
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [
        100_000,
        100_000,
        50_000,
    ]
    assert metadata.row_group(0).column(0).compression == "ZSTD"
    assert pl.read_parquet(path)["total"].sum() == Decimal(250_000 * 250_001 // 2)


TWO_TABLES = """
[sources.shop.tables.lines]
key = ["id"]
cursor = "updated_at"
columns.id = "varchar"
columns.updated_at = "timestamptz"
"""


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("(null, '2026-11-20 11:59:30+00')", "Of 2 rows of table lines there are 1 without id"),
        ("('2', null)", "Of 2 rows of table lines there are 1 without updated_at"),
        ("('1', '2026-11-20 11:59:30+00')", r"1 with a key \(id\) that another row has"),
    ],
)
def test_rows_that_break_the_landing_contract_land_nothing_of_the_run(
    shop: Any, place: Any, declare: Declare, row: str, message: str
) -> None:
    shop.sql(
        ORDERS
        + "create table lines (id varchar, updated_at timestamptz);"
        + "insert into orders values ('1', 1, '2026-11-20 11:59:00+00');"
        + "insert into lines values ('1', '2026-11-20 11:59:00+00');"
    )
    extract(place.at(NOON, shop.uri, declare(TWO_TABLES)))
    before = place.landed()
    shop.sql(f"insert into lines values {row}")
    with pytest.raises(ConfigurationError, match=message):
        extract(place.at(NOON + MINUTE, shop.uri, declare(TWO_TABLES)))
    assert place.landed() == before


def test_an_interruption_midway_leaves_no_file_and_the_same_watermark(
    shop: Any, place: Any, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sql(ORDERS + "insert into orders values ('1', 1, '2026-11-20 11:59:00+00')")
    extract(place.at(NOON, shop.uri, declare()))
    before = place.landed()
    module = {"duckdb": "duckdb.DuckDbWarehouse", "postgres": "postgres.PostgresWarehouse"}[shop.kind]

    def breaks(*arguments: Any) -> Iterator[pa.RecordBatch]:
        columns = [pa.array(["1"] * 300_000), pa.array(["1"] * 300_000), pa.array([NOON] * 300_000, MOMENT)]
        yield pa.RecordBatch.from_arrays(columns, names=["id", "total", "updated_at"])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"waybill.sources.{module}.batches", breaks)
        with pytest.raises(KeyboardInterrupt):
            extract(place.at(NOON + MINUTE, shop.uri, declare()))
    assert place.landed() == before
    left_over = place.home / "landing/shop/orders/left.parquet.tmp"
    left_over.write_text("half a file, left by a run that was killed")
    report = extract(place.at(NOON + MINUTE, shop.uri, declare()))
    assert report.tables[0].window_start == NOON - 15 * MINUTE
    assert not left_over.exists()


def test_all_tables_of_a_run_are_of_one_moment(
    postgres: Any, place: Any, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.sql(ORDERS + "create table lines (id varchar, updated_at timestamptz)")
    stage = landing.stage

    def stage_while_the_shop_goes_on(*arguments: Any) -> landing.Staged:
        staged = stage(*arguments)
        postgres.sql("insert into lines values ('committed meanwhile', '2026-11-20 11:59:00+00')")
        return staged

    monkeypatch.setattr(landing, "stage", stage_while_the_shop_goes_on)
    report = extract(place.at(NOON, postgres.uri, declare(TWO_TABLES)))
    assert [one.rows for one in report.tables] == [0, 0]
    assert {one.window_end for one in report.tables} == {NOON}
