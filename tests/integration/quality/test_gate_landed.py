"""What landed: each planted defect of an export closes the delta file that is made of it, and names the table."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltas import Row, Shop, shifted, write_delta
from seasons import Month

from waybill.delta import DeltaFile
from waybill.quality.decisions import Decision
from waybill.quality.gate import judge
from waybill.quality.landed import Landed
from waybill.quality.suites import LANDED_RULES
from waybill.settings import Settings, load_settings

Change = Callable[[pa.Table], pa.Table]


def renamed(rows: pa.Table, copy: int) -> pa.Table:
    keys = pc.binary_join_element_wise(rows["order_id"], pa.scalar(f"-{copy}"), "")
    return rows.set_column(rows.schema.get_field_index("order_id"), rows.schema.field("order_id"), keys)


def emptied(rows: pa.Table) -> pa.Table:
    position = rows.schema.get_field_index("currency")
    return rows.set_column(position, rows.schema.field("currency"), pa.nulls(len(rows), pa.string()))


def retyped(rows: pa.Table) -> pa.Table:
    position = rows.schema.get_field_index("is_test")
    return rows.set_column(position, "is_test", pa.nulls(len(rows), pa.string()))


DEFECTS: dict[str, tuple[int, Change | None]] = {
    "landed_rows_overdue": (3, None),
    "landed_rows_times_norm": (5, lambda rows: pa.concat_tables([renamed(rows, copy) for copy in range(8)])),
    "landed_rows_missing": (6, lambda rows: rows.take(pa.array(range(0, len(rows), 10)))),
    "landed_null_share_rise": (12, emptied),
    "landed_keys_repeated": (1, lambda rows: pa.concat_tables([rows, rows.slice(0, 3)])),
    "landed_columns_not_as_declared": (1, retyped),
}
"""How many of the last windows are broken, and how; None: they never came."""


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Month, Path]:
    """A month of landing files but for the last days, which each test lands by itself."""
    home = tmp_path_factory.mktemp("weeks") / "home"
    month = Month(load_settings({"WAYBILL_HOME": str(home)}), 20_000, hours=(0, 5, 9, 13, 17, 21))
    for start, now in month.windows()[:-12]:
        month.land(start, now)
    return month, home


def judged(settings: Settings, weeks: tuple[Month, Path], last: int, change: Change | None, rows: int) -> Decision:
    """Lands the last windows, ``last`` of them changed, and judges a delta file of that moment."""
    month, home = weeks
    shutil.copytree(home / "landing", settings.home.landing)
    month.settings = settings
    windows = month.windows()[-12:]
    for start, now in windows[: 12 - last]:
        month.land(start, now)
    for start, now in windows[12 - last :] if change else []:
        month.land(start, now, change)
    frozen_at: datetime = windows[-1][1]
    events: list[Row] = shifted(Shop().rows(rows), 2, "earlier.")
    delta = write_delta(settings.home, events, frozen_at=frozen_at)
    return judge(settings, replace(delta, frozen_at=frozen_at))


def measured(settings: Settings, frozen_at: datetime) -> tuple[dict[str, float], dict[str, str]]:
    """What the gate measures of what landed, and keeps; nothing is judged."""
    thresholds = settings.destination("meta").gate
    delta = DeltaFile(settings.home.delta / "meta" / "now.parquet", "meta", "now", frozen_at, "", 0, 0, "")
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, value in {**thresholds.model_dump(), "frozen_at": frozen_at}.items():
            connection.execute(f"set variable {name} = $value", {"value": value})
        landed = Landed(connection, settings, delta, thresholds)
        found = landed.measures()
        landed.record()
    return found


def test_every_rule_about_landing_has_a_planted_defect() -> None:
    assert set(DEFECTS) == {rule.name for rule in LANDED_RULES}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_broken_export_closes_the_file(name: str, settings: Settings, weeks: tuple[Month, Path]) -> None:
    decision = judged(settings, weeks, *DEFECTS[name], rows=5)
    (failure,) = decision.failures
    assert (failure.expectation, decision.decision) == (name, "closed")
    assert "shop.orders" in failure.observed
    assert name in Path(decision.data_docs).read_text(encoding="utf-8")


def test_an_export_that_died_fails_the_gate_although_there_is_nothing_to_send(
    settings: Settings, weeks: tuple[Month, Path]
) -> None:
    decision = judged(settings, weeks, *DEFECTS["landed_rows_overdue"], rows=0)
    assert [failure.expectation for failure in decision.failures] == ["landed_rows_overdue"]


def test_what_was_mended_in_landing_closes_nothing_any_more(settings: Settings, weeks: tuple[Month, Path]) -> None:
    month, home = weeks
    folder = settings.home.landing / "shop" / "orders"
    folder.mkdir(parents=True)
    for path in sorted((home / "landing" / "shop" / "orders").glob("*.parquet"))[-3:]:
        shutil.copy(path, folder)
    month.settings = settings
    (first, then), (_, now) = month.windows()[-12:-10]
    before = set(folder.iterdir())
    for mend in ("replaced", "landed under another name"):
        month.land(first, then, DEFECTS["landed_keys_repeated"][1] or (lambda rows: rows))
        assert measured(settings, then)[0]["landed_keys_repeated"] == 3
        if mend == "replaced":
            month.land(first, then)
        else:
            (bad,) = set(folder.iterdir()) - before
            bad.unlink()
            month.land(first, now)
        assert measured(settings, now)[0]["landed_keys_repeated"] == 0
    shutil.rmtree(folder)
    assert measured(settings, now)[0]["landed_days"] == 0


def test_an_ordinary_landing_passes_and_is_counted_once(settings: Settings, weeks: tuple[Month, Path]) -> None:
    assert judged(settings, weeks, 1, lambda rows: rows, rows=5).is_open
    counted = pl.read_parquet(settings.home.published / "tallies" / "meta" / "landed" / "*.parquet")
    landing = settings.home.landing
    assert set(counted["file"]) == {str(path.relative_to(landing)) for path in landing.rglob("*.parquet")}
    assert 19_000 < counted.filter(pl.col("measure") == "hour")["n"].sum() <= 20_000  # overlaps count once


def test_a_new_home_compares_with_nothing(settings: Settings, weeks: tuple[Month, Path]) -> None:
    month, _ = weeks
    month.settings = settings
    for start, now in month.windows()[-12:-6]:
        month.land(start, now, emptied)
    frozen_at = month.windows()[-1][1]
    delta = write_delta(settings.home, [], frozen_at=frozen_at)
    assert judge(settings, delta).is_open


def test_what_is_not_declared_any_more_and_files_of_another_home_do_not_count(
    settings: Settings, weeks: tuple[Month, Path]
) -> None:
    month, home = weeks
    shutil.copytree(home / "landing", settings.home.landing)
    now = month.windows()[-13][1]
    ordinary = measured(settings, now)
    assert ordinary[0]["landed_rows_overdue"] == 0
    days = sorted((settings.home.published / "tallies" / "meta" / "landed").glob("*.parquet"))
    with duckdb.connect() as connection:
        for day in days:
            counted = connection.read_parquet(str(day)).to_arrow_table()
            connection.register("counted", counted)
            connection.execute(
                """
                copy (
                    from counted where file not in (select max(file) from counted)
                    union all select * replace ('/old/' || file as file) from counted
                    union all select * replace (part || '_once' as part, 50 as n) from counted where part <> ''
                    union all
                    select * replace (replace(file, 'shop', 'gone') as file, 'gone.orders' as table_name)
                    from counted where $counts
                ) to $path (format parquet)
                """,
                {"path": str(day), "counts": day not in days[-3:]},
            )
    assert measured(settings, now) == ordinary
    assert measured(settings, now) == ordinary


def test_a_column_that_is_new_and_mostly_empty_is_no_rise_of_nulls(
    settings: Settings, weeks: tuple[Month, Path]
) -> None:
    month, home = weeks
    shutil.copytree(home / "landing", settings.home.landing)
    files = sorted((settings.home.landing / "shop" / "orders").glob("*.parquet"))
    for path in files[:-12]:
        pq.write_table(pq.read_table(path).drop_columns(["brand"]), path)
    found, _ = measured(settings, month.windows()[-13][1])
    assert found["landed_null_share_rise"] < 0.1
    assert found["landed_columns_not_as_declared"] == 0
