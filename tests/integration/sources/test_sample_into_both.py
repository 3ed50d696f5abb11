"""The same call makes the same shop in DuckDB and in PostgreSQL, and extraction lands the same rows from both."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal

from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.sample import add_slice, make
from waybill.sample.shop import KEYS
from waybill.settings import load_settings
from waybill.sources import extract

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)


def landed(home: Path) -> dict[str, pl.DataFrame]:
    """What two extractions, before and after a later slice, landed."""
    frames = {}
    for table, key in KEYS.items():
        if table == "appointments":  # in the shop, but nobody extracts it until they want to
            continue
        rows = pl.read_parquet(home / "landing/shop" / table / "*.parquet").drop("_run_id")
        frames[table] = rows.sort(*key, "updated_at", "_extracted_at")
    return frames


def a_shop_and_its_slice(home: Path, into: str | None) -> dict[str, pl.DataFrame]:
    def settings() -> Any:
        return load_settings({"WAYBILL_HOME": str(home)})

    make(settings(), 3000, 500, seed=5, into=into, as_of=AS_OF)
    extract(settings())
    add_slice(settings())
    extract(settings())
    return landed(home)


def test_both_hold_the_same_rows(tmp_path: Path, postgres: Any) -> None:
    in_duckdb = a_shop_and_its_slice(tmp_path / "one", None)
    in_postgres = a_shop_and_its_slice(tmp_path / "two", postgres.uri)
    for table, rows in in_duckdb.items():
        assert_frame_equal(rows, in_postgres[table])
    assert in_duckdb["orders"]["_extracted_at"].n_unique() == 2


def test_postgresql_tables_have_keys_exact_types_and_an_index_on_the_cursor(tmp_path: Path, postgres: Any) -> None:
    make(load_settings({"WAYBILL_HOME": str(tmp_path)}), 50, 10, seed=5, into=postgres.uri)
    with psycopg.connect(postgres.uri) as connection:
        indexes = connection.execute(
            "select tablename, indexdef from pg_indexes where schemaname = 'public'"
        ).fetchall()
        types = connection.execute(
            "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'orders'::regclass "
            "and attname in ('total', 'ordered_at') order by attname"
        ).fetchall()
    for table, key in KEYS.items():
        assert any(
            name == table and f"UNIQUE INDEX {table}_pkey" in text and f"({', '.join(key)})" in text
            for name, text in indexes
        )
        assert any(name == table and text.endswith("(updated_at)") for name, text in indexes)
    assert types == [("timestamp with time zone",), ("numeric(18,4)",)]


def test_tables_of_somebody_else_are_left_alone(tmp_path: Path, postgres: Any) -> None:
    postgres.sql("create table leads (id int)")
    with pytest.raises(ConfigurationError, match=r"did not make \(leads\)"):
        make(load_settings({"WAYBILL_HOME": str(tmp_path)}), 50, 10, seed=5, into=postgres.uri)


def test_a_password_goes_neither_to_home_toml_nor_to_an_error(tmp_path: Path, postgres: Any) -> None:
    settings = load_settings({"WAYBILL_HOME": str(tmp_path)})
    make(settings, 5, 5, seed=5, into=postgres.uri.replace("postgres@", "postgres:secret@"))
    assert 'warehouse_uri = "postgresql://postgres@/' in (tmp_path / "home.toml").read_text()
    assert "secret" not in (tmp_path / "home.toml").read_text()
    with pytest.raises(SourceUnavailable, match="cannot be connected to") as caught:
        make(settings, 5, 5, seed=5, into="postgresql://ada:secret@127.0.0.1:9/shop")
    assert "secret" not in str(caught.value)


def test_a_user_who_may_not_create_tables_is_told_so(tmp_path: Path, postgres: Any) -> None:
    postgres.sql("create role reader login")
    with pytest.raises(ConfigurationError, match=r"permission denied.*nothing was changed"):
        make(
            load_settings({"WAYBILL_HOME": str(tmp_path)}),
            5,
            5,
            seed=5,
            into=postgres.uri.replace("postgres@", "reader@"),
        )
