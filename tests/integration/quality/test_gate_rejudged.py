"""Quarantine is looked at by every build: what is as it was is left out and counted, what changed is judged again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from deltas import NOW, SCHEMA, Row, Shop, hashed

from waybill.builds import name
from waybill.delta import DeltaFile
from waybill.quality.decisions import Decision
from waybill.quality.gate import judge
from waybill.settings import Settings
from waybill.warehouse.freeze import freeze

pytestmark = pytest.mark.usefixtures("without_pages")

COLUMNS = [name for name in SCHEMA.names if name not in ("row_number", "frozen_at", "event_id_taken", "past_expiry")]


class Builds:
    """Freezes rows as builds do, one after the other, and lets the gate judge each file."""

    def __init__(self, settings: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
        self._settings = settings
        self._warehouse = warehouse
        self._number = 0

    def __call__(self, rows: list[Row], now: datetime = NOW, named: datetime = NOW) -> tuple[DeltaFile, Decision]:
        self._number += 1
        self._settings.home.create()
        kinds = {"value": "decimal(18, 4)"} | dict.fromkeys(
            ("occurred_at", "committed_at", "landed_at", "expires_at"), "timestamptz"
        )
        declared = ", ".join(f"{name} {kinds.get(name, 'varchar')}" for name in COLUMNS)
        self._warehouse.execute(
            f"create or replace table destinations.meta_events ({declared}, verdict varchar default 'sendable', "
            "reasons varchar[] default [], build_seq bigint default 1, consent_limits varchar)"
        )
        values: list[list[Any]] = [[row.finished(0)[name] for name in COLUMNS] for row in rows]
        marks = ", ".join("?" * len(COLUMNS))
        self._warehouse.executemany(
            f"insert into destinations.meta_events ({', '.join(COLUMNS)}) values ({marks})", values
        )
        build = name(named, self._number)
        thresholds = self._settings.destination("meta").gate
        delta = freeze(self._warehouse, self._settings.home, "meta", build, 0, now, thresholds).delta
        return delta, judge(self._settings.model_copy(update={"as_of": now}), delta)

    def refused(self) -> list[tuple[str, list[str], datetime, datetime]]:
        return self._warehouse.execute(
            "select build_id[-2:], reasons, first_seen, judged_at from read_parquet(?, union_by_name = true) "
            "where state = 'quarantined' order by build_id[-6:], row_number",
            [str(self._settings.home.published / "gate" / "meta" / "*.parquet")],
        ).fetchall()


@pytest.fixture
def builds(settings: Settings) -> Iterator[Builds]:
    from waybill.quality.gate import ensure_empty

    with duckdb.connect() as warehouse:
        warehouse.execute("set timezone = 'UTC'; create schema destinations")
        settings.home.create()
        ensure_empty(settings.home, "meta")
        yield Builds(settings, warehouse)


def test_a_row_is_left_out_while_it_is_as_it_was_and_leaves_when_it_is_mended(builds: Builds) -> None:
    rows = Shop().rows(12)
    good = rows[6].user["em"]
    rows[6].user["em"] = "A" * 64
    first, decision = builds(rows)
    assert (decision.quarantined, first.left_out) == (1, 0)
    second, decision = builds(rows, NOW + timedelta(hours=1))
    assert (second.rows, second.left_out, decision.quarantined) == (11, 1, 0)
    rows[6].user["em"] = "B" * 64  # changed, and as bad
    third, decision = builds(rows, NOW + timedelta(hours=2))
    assert (third.rows, third.left_out, decision.quarantined) == (12, 0, 1)
    assert [(seen, judged) for *_, seen, judged in builds.refused()] == [
        (NOW, NOW),
        (NOW, NOW + timedelta(hours=2)),
    ]
    rows[6].user["em"] = good
    fourth, decision = builds(rows, NOW + timedelta(hours=3))
    assert (fourth.rows, fourth.left_out, decision.quarantined) == (12, 0, 0)


def test_the_newest_word_on_a_row_is_that_of_the_newest_build_also_where_a_clock_ran_ahead(builds: Builds) -> None:
    rows = Shop().rows(12)
    rows[6].user["em"] = "A" * 64
    builds(rows, named=NOW + timedelta(days=3))
    rows[6].user["em"] = "B" * 64
    _, decision = builds(rows, NOW + timedelta(hours=1))
    assert decision.quarantined == 1
    third, decision = builds(rows, NOW + timedelta(hours=2))
    assert (third.rows, third.left_out, decision.quarantined) == (11, 1, 0)


def test_reasons_that_go_away_by_themselves_are_looked_at_again(builds: Builds) -> None:
    rows = Shop().rows(12)
    later = NOW + timedelta(hours=2)
    rows[6].columns |= {"occurred_at": later, "expires_at": later + timedelta(days=6)}
    rows[6].payload["event_time"] = int(later.timestamp())
    second = rows[7]
    second.columns["event_id"] = second.payload["event_id"] = rows[5].columns["event_id"]
    assert rows[5].columns["event_name"] == second.columns["event_name"]
    _, decision = builds(rows)
    assert {failure.expectation for failure in decision.failures} == {"event_time_in_future", "event_id_taken"}
    delta, decision = builds(rows, NOW + timedelta(hours=1))
    assert (delta.rows, delta.left_out, decision.quarantined) == (10, 2, 0)
    held = next(
        row
        for row in (rows[5], second)
        if row.columns["occurred_at"] == min(rows[5].columns["occurred_at"], second.columns["occurred_at"])
    )
    delta, decision = builds([row for row in rows if row is not held], NOW + timedelta(hours=3))
    assert (delta.rows, delta.left_out, decision.quarantined) == (11, 0, 0)


def test_a_file_closed_for_its_bad_rows_does_not_open_because_they_are_left_out(builds: Builds) -> None:
    rows = Shop().rows(90)
    for row in rows[::3]:
        row.digest = hashed("something else")
    _, decision = builds(rows)
    assert [failure.expectation for failure in decision.failures][:1] == ["quarantined_share"]
    second, decision = builds(rows)
    assert (second.rows, second.left_out) == (60, 30)
    assert [failure.expectation for failure in decision.failures] == ["quarantined_share"]
    for row in rows:
        row.digest = None
    third, decision = builds(rows)
    assert (third.rows, third.left_out, decision.is_open) == (90, 0, True)
