"""Ninety days of extractions, purged: rows, keys and watermark stay, contact data of long ago goes."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.files import locked
from waybill.retention.purge import purge
from waybill.settings import Settings, load_settings
from waybill.sources import extract
from waybill.sources.landing import PURGED, newest_end, sole_writer
from waybill.warehouse import inputs

TOML = """
[sources.shop.tables.customers]
key = ["customer_id"]
cursor = "updated_at"
personal = ["email"]
columns = { customer_id = "varchar", email = "varchar", country = "varchar", updated_at = "timestamptz" }

[sources.shop.tables.orders]
candidates = true
key = ["order_id", "line"]
cursor = "updated_at"
columns = { order_id = "varchar", line = "integer", total = "decimal(18,4)", updated_at = "timestamptz" }

[destinations.meta]
start_at = 2026-08-01T00:00:00Z
"""
BEGIN = datetime(2026, 8, 1, 3, tzinfo=UTC)
DAYS = 90
EVERY = 3
WINDOWS = DAYS // EVERY
OLD = 5
"""Windows that ended more than 75 days before the end."""


def at(settings: Settings, moment: datetime) -> Settings:
    return settings.model_copy(update={"as_of": moment})


def build(settings: Settings) -> int:
    """A build, as far as landing is concerned: how many files it had not seen."""
    this = inputs.begin(settings, full_refresh=False)
    inputs.succeed(settings.home, this)
    return this.unseen.height


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home after ninety days: every third a customer and an order, and somebody of before who changes."""
    folder = tmp_path_factory.mktemp("lived")
    (folder / "waybill.toml").write_text(TOML)
    settings = load_settings(
        {
            "WAYBILL_HOME": str(folder / "home"),
            "WAYBILL_CONFIG": str(folder / "waybill.toml"),
            "WAYBILL_WAREHOUSE_URI": f"duckdb:///{folder / 'shop.duckdb'}",
        }
    )
    with duckdb.connect(str(folder / "shop.duckdb")) as shop:
        shop.execute(
            "create table customers (customer_id varchar, email varchar, country varchar, updated_at timestamptz)"
        )
        shop.execute(
            "create table orders (order_id varchar, line integer, total decimal(18, 4), updated_at timestamptz)"
        )
    settings.home.create()
    settings.home.warehouse_file.touch()  # a build without one reads everything
    for day in range(0, DAYS, EVERY):
        moment = BEGIN + timedelta(days=day)
        with duckdb.connect(str(folder / "shop.duckdb")) as shop:
            shop.execute(f"insert into customers values ('c{day}', 'c{day}@example.com', 'DE', ?)", [moment])
            shop.execute(f"insert into orders values ('o{day}', 1, {day}.5, ?), ('o{day}', 2, 1, ?)", [moment, moment])
            if day % 30 == 15:  # c3, c6 and c9 change late
                changed = f"c{3 + day // 30 * 3}"
                shop.execute(
                    "update customers set updated_at = ?, country = 'FR' where customer_id = ?", [moment, changed]
                )
        extract(at(settings, moment))
        build(at(settings, moment))
    return at(settings, BEGIN + timedelta(days=DAYS))


@pytest.fixture
def home(lived: Settings, tmp_path: Path) -> Settings:
    return copied(lived, tmp_path / "home")


def copied(settings: Settings, root: Path) -> Settings:
    """The same home elsewhere; what the last build has seen names the files there."""
    shutil.copytree(settings.home_root, root)
    copy = settings.model_copy(update={"home_root": root})
    with duckdb.connect() as db:
        seen = inputs.seen_files_path(copy.home)
        db.execute(f"create table seen as select * replace (replace(file, '{settings.home_root}', '{root}') as file) "
                   f"from '{seen}'")  # fmt: skip
        db.execute(f"copy seen to '{seen}' (format parquet)")
    return copy


def rows(settings: Settings, table: str) -> list[tuple[Any, ...]]:
    """The newest version of every row, as staging and int_…_latest take it, without what says how it landed."""
    keys = ", ".join(settings.sources["shop"].tables[table].key)
    columns = ", ".join(settings.sources["shop"].tables[table].columns)
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'UTC'")
        return db.execute(
            f"select {columns} from read_parquet('{settings.home.landing}/shop/{table}/*.parquet') "
            f"qualify row_number() over (partition by {keys} order by updated_at desc, _extracted_at asc) = 1 "
            "order by all"
        ).fetchall()


def without_contact(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(key, *rest) for key, _, *rest in found]


def files(settings: Settings) -> dict[str, list[str]]:
    return {
        name: sorted(path.name for path in (settings.home.landing / "shop" / name).iterdir())
        for name in ("customers", "orders")
    }


def test_old_windows_become_one_file_and_only_contact_data_is_gone(home: Settings) -> None:
    customers, orders = rows(home, "customers"), rows(home, "orders")
    watermark = newest_end(home.home.landing / "shop" / "customers")
    assert purge(home, dry_run=True).files["landing"] == 2 * OLD
    assert len(files(home)["orders"]) == WINDOWS

    done = purge(home)

    assert (done.files["landing"], done.bytes["landing"] > 0) == (2 * OLD, True)
    assert rows(home, "orders") == orders
    kept = rows(home, "customers")
    assert without_contact(kept) == without_contact(customers)
    # c3, c6 and c9 changed later, and c12 is in the next window too, which reaches back a little.
    assert [row[0] for row in kept if row[1] is None] == ["c0"]
    assert {row for row in kept if row[1] is not None} <= set(customers)
    for name, found in files(home).items():
        assert len(found) == WINDOWS - OLD + 1, name
        assert [file for file in found if file.startswith("beginning")] == ["beginning__20260813T030000000000Z.parquet"]
    assert b"c0@example.com" not in b"".join(path.read_bytes() for path in home.home.landing.rglob("*.parquet"))
    assert newest_end(home.home.landing / "shop" / "customers") == watermark
    for path in home.home.landing.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_next_build_reads_nothing_again_and_the_next_extraction_goes_on(home: Settings) -> None:
    purge(home)
    assert build(home) == 0
    [customers, _] = extract(home).tables
    assert customers.window_start == BEGIN + timedelta(days=DAYS - EVERY, minutes=-15)
    assert customers.rows == 1
    assert purge(home).files["landing"] == 0
    later = at(home, home.clock.now() + timedelta(days=3))
    build(later)
    assert purge(later).files["landing"] == 2 * (1 + 1)
    assert len(rows(later, "orders")) == 2 * WINDOWS


def test_a_window_that_no_build_has_read_stays(home: Settings) -> None:
    inputs.seen_files_path(home.home).unlink()
    assert purge(home).files["landing"] == 0
    assert len(files(home)["customers"]) == WINDOWS


def test_a_lost_beginning_is_read_again(home: Settings) -> None:
    purge(home)
    folder = home.home.landing / "shop" / "customers"
    next(folder.glob("beginning__*")).unlink()
    assert newest_end(folder) is None
    customers = extract(home).tables[0]
    assert (customers.window_start, customers.rows) == (None, WINDOWS)
    assert all(row[1] is not None for row in rows(home, "customers"))


def test_nobody_else_may_be_at_work(home: Settings) -> None:
    with locked(home.home.build / "build.lock"), pytest.raises(SourceUnavailable, match="A build is running"):
        purge(home)
    with sole_writer(home.home.landing), pytest.raises(SourceUnavailable, match="Another extraction"):
        purge(home)


def test_a_damaged_window_is_named_and_nothing_is_lost(home: Settings) -> None:
    before = files(home)
    damaged = home.home.landing / "shop" / "orders" / before["orders"][3]
    state = damaged.stat()
    damaged.write_bytes(b"x" * state.st_size)
    os.utime(damaged, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        purge(home)
    assert files(home)["orders"] == before["orders"]


@pytest.mark.parametrize("days", [0, 62, 68])
def test_nothing_that_may_still_be_sent_can_be_purged(tmp_path: Path, days: int) -> None:
    (tmp_path / "waybill.toml").write_text(f"{TOML}\n[retention]\ndays = {days}\n")
    with pytest.raises(ConfigurationError, match=r"retention.days: .* at least 69"):
        load_settings({"WAYBILL_HOME": str(tmp_path), "WAYBILL_CONFIG": str(tmp_path / "waybill.toml")})


def test_what_is_personal_must_be_a_column_and_no_key(tmp_path: Path) -> None:
    wrong = TOML.replace('personal = ["email"]', 'personal = ["customer_id", "fax"]')
    (tmp_path / "waybill.toml").write_text(wrong)
    with pytest.raises(ConfigurationError, match=r"personal columns .* customer_id, fax"):
        load_settings({"WAYBILL_HOME": str(tmp_path), "WAYBILL_CONFIG": str(tmp_path / "waybill.toml")})


def test_the_run_of_purged_rows_is_known_to_dbt(home: Settings) -> None:
    macro = (home.dbt_project_dir / "macros" / "incremental" / "is_purged.sql").read_text()
    assert json.dumps(f"{PURGED}%").replace('"', "'") in macro
