"""Making the shop in a DuckDB file: what is written, what the home says of itself, and what is refused."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.sample import add_slice, make
from waybill.settings import Settings, load_settings

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)


def settings_of(home: Path) -> Settings:
    return load_settings({"WAYBILL_HOME": str(home)})


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_tables_are_those_of_waybill_toml(home: Path) -> None:
    settings = settings_of(home)
    make(settings, 20, 10, seed=1, as_of=AS_OF)
    names = {"varchar": "VARCHAR", "timestamptz": "TIMESTAMP WITH TIME ZONE", "decimal(18,4)": "DECIMAL(18,4)"}
    for table, declared in settings.sources["shop"].tables.items():
        found = rows(
            home / "shop.duckdb", f"select column_name, data_type from duckdb_columns() where table_name = '{table}'"
        )
        assert dict(found) == {column: names.get(kind, kind.upper()) for column, kind in declared.columns.items()}


def test_the_home_says_what_it_is(home: Path) -> None:
    report = make(settings_of(home), 20, 10, seed=1, as_of=AS_OF)
    settings = settings_of(home)
    assert settings.is_sample
    assert settings.clock.now() == AS_OF
    assert settings.destination("meta").start_at == AS_OF - timedelta(days=6) == report.start_at
    assert settings.warehouse_uri is not None
    assert settings.warehouse_uri.get_secret_value() == f"duckdb:///{home}/shop.duckdb"
    assert report.counts()["rows_orders"] == 20


def test_without_as_of_the_clock_runs(home: Path) -> None:
    before = datetime.now(UTC)
    report = make(settings_of(home), 20, 0, seed=1)
    assert before <= report.as_of <= datetime.now(UTC)
    assert "as_of" not in tomllib.loads((home / "home.toml").read_text())


def test_a_sample_is_made_anew_over_a_sample(home: Path) -> None:
    make(settings_of(home), 20, 10, seed=1, as_of=AS_OF)
    make(settings_of(home), 30, 10, seed=2, as_of=AS_OF)
    assert rows(home / "shop.duckdb", "select count(*), (select seed from waybill_sample) from orders") == [(30, 2)]


def test_tables_of_somebody_else_are_left_alone(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "real.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create table orders as select 1 as order_id")
    with pytest.raises(ConfigurationError, match="did not make \\(orders\\)"):
        make(settings_of(home), 20, 10, seed=1, into=f"duckdb:///{path}")
    assert rows(path, "select * from orders") == [(1,)]
    assert not (home / "home.toml").exists()


def test_a_home_that_has_landed_another_shop_gets_no_new_one(home: Path) -> None:
    make(settings_of(home), 20, 10, seed=1, as_of=AS_OF)
    landed = home / "landing" / "shop" / "orders" / "beginning__20261120T120000000000Z.parquet"
    landed.parent.mkdir(parents=True)
    landed.touch()
    make(settings_of(home), 20, 10, seed=1, as_of=AS_OF)  # the same shop contradicts nothing
    with pytest.raises(ConfigurationError, match="--later"):
        make(settings_of(home), 20, 10, seed=2, as_of=AS_OF)


def test_a_locked_file_is_named(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "open.duckdb"
    duckdb.connect(path).close()
    with (
        duckdb.connect(path, read_only=True),
        pytest.raises(SourceUnavailable, match=f"{path} is open"),
    ):
        make(settings_of(home), 5, 5, seed=1, into=f"duckdb:///{path}")


@pytest.mark.parametrize(
    ("into", "message"),
    [
        ("shop.duckdb", "without a scheme"),
        ("mysql://somebody:secret@127.0.0.1/shop", "scheme 'mysql'"),
        ("duckdb://shop.duckdb", "does not name a DuckDB file"),
        ("duckdb:////proc/nowhere/shop.duckdb", "cannot be written"),
        ("postgresql://somebody:se#cret@127.0.0.1/shop", "percent-encoded"),
    ],
)
def test_a_wrong_uri_is_refused_without_its_password(home: Path, into: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        make(settings_of(home), 5, 5, seed=1, into=into)
    assert "cret" not in str(caught.value)
    assert not (home / "home.toml").exists()


def test_a_text_file_is_not_taken_for_a_database(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "notes.duckdb"
    path.write_text("these are my notes " * 1000)
    with pytest.raises(ConfigurationError, match="not a DuckDB file"):
        make(settings_of(home), 5, 5, seed=1, into=f"duckdb:///{path}")
    assert path.read_text().startswith("these are my notes")


def test_a_moment_without_zone_or_a_negative_size_is_refused(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="time zone"):
        make(settings_of(home), 5, 5, seed=1, as_of=datetime(2026, 11, 20, 12))  # noqa: DTZ001
    with pytest.raises(ConfigurationError, match="0 or more"):
        make(settings_of(home), -5, 5, seed=1)


@pytest.fixture
def shop(home: Path) -> Path:
    make(settings_of(home), 2000, 400, seed=1, as_of=AS_OF)
    return home / "shop.duckdb"


def test_a_later_slice_is_a_small_delta(home: Path, shop: Path) -> None:
    report = add_slice(settings_of(home))
    later = AS_OF + timedelta(hours=1)
    assert report.as_of == later
    assert settings_of(home).clock.now() == later
    assert settings_of(home).destination("meta").start_at == AS_OF - timedelta(days=6)
    assert rows(shop, "select count(*), count(distinct order_id) from orders") == [(2100, 2100)]
    window = "updated_at > timestamptz '2026-11-20 12:50:00+00' and updated_at <= timestamptz '2026-11-20 13:00:00+00'"
    old = "updated_at <= timestamptz '2026-11-20 12:00:00+00'"
    for table in ("customers", "orders", "order_lines", "clicks", "consents", "leads"):
        new, all_rows, untouched = rows(
            shop, f"select count(*) filter ({window}), count(*), count(*) filter ({old}) from {table}"
        )[0]
        assert new + untouched == all_rows
        assert 0 < new < 0.15 * all_rows
        assert new == report.rows[table] + report.updated.get(table, 0)


def test_a_later_slice_has_every_kind_of_update(home: Path, shop: Path) -> None:
    before = dict(rows(shop, "select order_id, status from orders"))
    add_slice(settings_of(home))
    after = rows(shop, "select order_id, status from orders")
    moves = {(before[key], status) for key, status in after if key in before and before[key] != status}
    assert moves >= {("pending", "paid"), ("paid", "cancelled"), ("paid", "refunded"), ("paid", "fulfilled")}
    old = "updated_at <= timestamptz '2026-11-20 12:00:00+00'"
    new = f"not {old}"
    for what, query in {
        "a withdrawal": f"consents where decision = 'withdrawn' and {new} and subject_type = 'customer'",
        "a late click": f"clicks join orders using (order_id) where not clicks.{old} and orders.{old}",
        "a late order": f"orders where {new} and {old.replace('updated', 'ordered')} and status = 'paid'",
        "one who returns": f"orders join customers using (customer_id) where not orders.{old} and customers.{old}",
    }.items():
        assert rows(shop, f"select count(*) from {query}")[0][0] > 0, what


def test_slices_follow_each_other_and_are_the_same_again(tmp_path: Path) -> None:
    states = []
    for name in ("one", "two"):
        home = tmp_path / name
        make(settings_of(home), 400, 100, seed=3, as_of=AS_OF)
        add_slice(settings_of(home))
        make(settings_of(home), 0, 0, seed=0, later=True, as_of=AS_OF + timedelta(hours=5))
        states.append(
            [rows(home / "shop.duckdb", f"from {table} order by all") for table in ("orders", "clicks", "consents")]
        )
        assert rows(home / "shop.duckdb", "select slice_number from waybill_sample order by 1") == [(0,), (1,), (2,)]
    assert states[0] == states[1]


def test_a_later_slice_needs_a_sample_and_a_later_time(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no sample"):
        add_slice(settings_of(home), into=f"duckdb:///{tmp_path}/empty.duckdb")
    make(settings_of(home), 20, 5, seed=1, as_of=AS_OF)
    with pytest.raises(ConfigurationError, match="must end after"):
        add_slice(settings_of(home), as_of=AS_OF)
