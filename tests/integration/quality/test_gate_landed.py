"""What landed: each planted defect of an export closes the delta file that is made of it, and names the table."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltas import Row, Shop, shifted, write_delta
from seasons import Month

from waybill.quality.decisions import Decision
from waybill.quality.gate import judge
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


def test_an_ordinary_landing_passes_and_is_counted_once(settings: Settings, weeks: tuple[Month, Path]) -> None:
    assert judged(settings, weeks, 1, lambda rows: rows, rows=5).is_open
    counted = pl.read_parquet(settings.home.published / "tallies" / "meta" / "landed" / "*.parquet")
    assert counted["file"].n_unique() == len(list(settings.home.landing.rglob("*.parquet")))
    assert 19_000 < counted.filter(pl.col("measure") == "hour")["n"].sum() <= 20_000  # overlaps count once


def test_a_new_home_compares_with_nothing(settings: Settings, weeks: tuple[Month, Path]) -> None:
    month, _ = weeks
    month.settings = settings
    for start, now in month.windows()[-12:-6]:
        month.land(start, now, emptied)
    frozen_at = month.windows()[-1][1]
    delta = write_delta(settings.home, [], frozen_at=frozen_at)
    assert judge(settings, delta).is_open
