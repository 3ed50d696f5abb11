"""Guards: a file that differs from the weeks before is closed, and a home without weeks before is left in peace."""

import copy
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from deltas import NOW, Row, Shop, shifted, with_thresholds, write_delta
from seasons import alarms

from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict
from waybill.quality.decisions import Decision
from waybill.quality.gate import judge
from waybill.quality.suites import LANDED_RULES, SET_RULES
from waybill.settings import Settings, load_settings
from waybill.warehouse.candidates import COLUMNS

pytestmark = pytest.mark.usefixtures("without_pages")

Change = Callable[[list[Row]], list[Row]]
LAST = "20261113T130000000000Z"


def closing(decision: Decision) -> list[str]:
    return [failure.expectation for failure in decision.failures if failure.level == "set"]


def enrolled_weeks(settings: Settings) -> str:
    """Judges the files of three weeks as if each had been enrolled; returns the last one's id."""
    after = ""
    for weeks in (3, 2, 1):
        frozen_at = NOW - timedelta(weeks=weeks) + timedelta(hours=1)
        build = f"{frozen_at:%Y%m%dT%H%M%S}000000Z"
        rows = shifted(Shop(weeks).rows(400), 7 * weeks, f"week{weeks}.")
        delta = write_delta(settings.home, rows, build_id=build, after=after, frozen_at=frozen_at)
        assert judge(settings, delta).is_open
        after = delta.file_id
    assert after == f"meta/{LAST}"
    return after


def judged(settings: Settings, rows: list[Row], after: str) -> Decision:
    """Judges a file of its own, now."""
    build = f"20261120T12{len(list(settings.home.delta.rglob('*.parquet'))):04}000000Z"
    return judge(settings, write_delta(settings.home, rows, build_id=build, after=after))


def priced(rows: list[Row], change: Callable[[Decimal], Decimal]) -> list[Row]:
    for row in rows:
        if row.columns["value"] is not None:
            places = Decimal(1) if row.columns["currency"] == "JPY" else Decimal("0.01")
            value = change(row.columns["value"]).quantize(places)
            row.columns["value"], row.custom["value"] = value, float(value)
    return rows


def many(rows: list[Row], times: int) -> list[Row]:
    return [row for n in range(times) for row in shifted(copy.deepcopy(rows), 0, f"copy{n}.")]


def in_francs(rows: list[Row]) -> list[Row]:
    purchase = next(row for row in rows if row.columns["value"] is not None)
    purchase.columns["currency"] = purchase.custom["currency"] = "CHF"
    return rows


def without(key: str, share: int) -> Change:
    def spoil(rows: list[Row]) -> list[Row]:
        for row in rows:
            if hash(row.columns["event_id"]) % 100 < share:
                row.user.pop(key, None)
        return rows

    return spoil


def other_keys(rows: list[Row]) -> list[Row]:
    """Today's keys after a model began to name them otherwise; the old ones are enrolled."""
    for row in rows[::2]:
        row.columns["source_key"] += "/all"
    return rows


def leads_only(_: list[Row]) -> list[Row]:
    return [row for row in Shop(9).rows(1200) if row.columns["event_name"] == "Lead"]


def in_dollars(rows: list[Row]) -> list[Row]:
    """Every Purchase, at the same price, as a default that was written in would do it."""
    priced([row for row in rows if row.columns["currency"] == "JPY"], lambda value: value / 100)
    for row in rows:
        if row.columns["currency"] is not None:
            row.columns["currency"] = row.custom["currency"] = "USD"
    return rows


def of_another_brand(rows: list[Row]) -> list[Row]:
    for row in rows:
        row.columns["dataset"] = "brand_b"
    return rows


def in_stores_only(rows: list[Row]) -> list[Row]:
    for row in rows:
        row.payload["action_source"] = "physical_store"
    return rows


def some_in_cents(rows: list[Row]) -> list[Row]:
    """Every fourth value in cents' stead: too few to move a median."""
    priced(rows[::4], lambda value: value / 100)
    return rows


DEFECTS: dict[str, Change] = {
    "events_times_norm": lambda rows: priced(many(rows, 6), lambda value: value / 5),
    "value_times_norm": lambda rows: priced(many(rows, 4), lambda value: value * 4),
    "values_out_of_range_share": some_in_cents,
    "event_mix_shift": leads_only,
    "currency_mix_shift": in_dollars,
    "dataset_mix_shift": of_another_brand,
    "action_source_mix_shift": in_stores_only,
    "rows_in_new_currency": in_francs,
    "em_coverage_drop": without("em", 60),
    "ph_coverage_drop": without("ph", 100),
}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str]:
    """A home in which three weeks were enrolled, and the last file."""
    home = tmp_path_factory.mktemp("weeks")
    settings = load_settings({"WAYBILL_HOME": str(home)}).model_copy(update={"as_of": NOW})
    settings = with_thresholds(settings, ph_coverage_drop=0.2)
    return settings, enrolled_weeks(settings)


def test_every_rule_that_compares_has_a_planted_defect() -> None:
    assert set(DEFECTS) | {"changed_history_share"} == {
        rule.name for rule in SET_RULES if rule.compares and rule not in LANDED_RULES
    }


def test_an_ordinary_file_passes(before: tuple[Settings, str]) -> None:
    settings, after = before
    assert closing(judged(settings, Shop(9).rows(400), after)) == []


@pytest.mark.parametrize("name", DEFECTS)
def test_what_differs_from_the_weeks_before_closes_the_file(name: str, before: tuple[Settings, str]) -> None:
    settings, after = before
    decision = judged(settings, DEFECTS[name](Shop(9).rows(400)), after)
    assert closing(decision) == [name]
    (failure,) = (failure for failure in decision.failures if failure.expectation == name)
    assert str(failure.observed) in decision.explanation()


def subscriptions(name: str, count: int = 400) -> list[Row]:
    rows = shifted(Shop(3).rows(count), 0, name)
    for row in rows:
        row.columns["event_name"] = row.payload["event_name"] = "Subscribe"
    return rows


def test_a_flood_of_a_new_kind_of_event_is_asked_about_once_and_again_when_it_swells(settings: Settings) -> None:
    """Who opened it has said that so many are right, and not that any number is."""
    few = judged(settings, subscriptions("few.", 1), enrolled_weeks(settings))
    assert closing(few) == []
    closed = judged(settings, subscriptions("first."), few.file_id)
    assert "events_times_norm" in closing(closed)
    assert closing(judged(settings, subscriptions("second."), closed.file_id)) == []
    flood = [row for n in range(8) for row in subscriptions(f"flood{n}.")]
    assert "events_times_norm" in closing(judged(settings, flood, closed.file_id))


def test_a_currency_with_few_purchases_is_judged_with_those_before_it(before: tuple[Settings, str]) -> None:
    """Pounds are a fifth of the values; in a file of sixty events there are not ten of them."""
    settings, after = before
    rows = Shop(9).rows(60)
    priced([row for row in rows if row.columns["currency"] == "GBP"], lambda value: value * 1000)
    assert "values_out_of_range_share" in closing(judged(settings, rows, after))


def test_without_weeks_before_nothing_is_compared(settings: Settings) -> None:
    rows = Shop(9).rows(120)
    for name, change in DEFECTS.items():
        rows = rows if name == "event_mix_shift" else change(rows)
    assert closing(judged(settings, rows, "")) == []


def publish(settings: Settings, folder: str, select: str, rows: Sequence[Row]) -> None:
    path = settings.home.published / folder
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("create table given (source_key varchar, event_name varchar, occurred_at timestamptz)")
        connection.executemany(
            "insert into given values (?, ?, ?)",
            [[row.columns[name] for name in ("source_key", "event_name", "occurred_at")] for row in rows],
        )
        connection.execute(f"copy ({select}) to '{path}' (format parquet)")


def with_history_renamed(settings: Settings, renamed: str) -> Decision:
    """Judges what was enrolled, after a model began to name every other event otherwise."""
    rows = Shop(9).rows(120)
    publish(settings, f"delivery/keys/meta/{LAST}.parquet", "select *, 'EUR' as currency from given", rows)
    if renamed == "event name":
        for row in rows[::2]:
            row.columns["event_name"] = row.payload["event_name"] = "Order"
    rows = other_keys(rows) if renamed == "source keys" else rows
    return judged(settings, rows, f"meta/{LAST}")


def with_history_changed(settings: Settings) -> Decision:
    """Judges a few events after a build that would make many enrolled ones otherwise."""
    after = enrolled_weeks(settings)
    select = "select 'meta/x' as file_id, row_number() over () as row_number from given"
    publish(settings, "changes/meta/20261120T110000000000Z.parquet", select, Shop().rows(250))
    publish(settings, f"changes/meta/{LAST}.parquet", select, Shop().rows(300))  # known when that file was judged
    return judged(settings, Shop(9).rows(30), after)


def after_refusals(settings: Settings, *reasons: str, refused: int = 40, now: int = 30) -> DeltaFile:
    """Sixty rows after ``refused`` events were withheld for these reasons, ``now`` of which are here."""
    rows = Shop(9).rows(60)
    said = [(row.columns["source_key"], "withheld") for row in rows[:now]]
    said += [(f"shop/orders/withheld{number}", "withheld") for number in range(refused - now)]
    verdicts(settings, "20261119T120000000000Z", 1, said, list(reasons))
    # a build whose file was closed: what it said does not make them people who agreed
    verdicts(settings, "20261119T130000000000Z", 2, [(key, "sendable") for key, _ in said[:now]], [])
    return write_delta(settings.home, rows)


def verdicts(settings: Settings, build: str, seq: int, said: list[tuple[str, str]], reasons: list[str]) -> None:
    path = settings.home.published / "candidates" / "meta" / f"{build}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = {row.columns["source_key"]: row.columns["event_kind"] for row in Shop(9).rows(60)}
    with duckdb.connect() as connection:
        connection.execute(f"create table said ({COLUMNS})")
        connection.executemany(
            "insert into said (source_key, event_kind, verdict, reasons, expires_at, build_seq, removed) "
            "values (?, ?, ?, ?, ?, ?, false)",
            [[key, kinds.get(key, "lead"), verdict, reasons, NOW + timedelta(days=2), seq] for key, verdict in said],
        )
        connection.execute(f"copy said to '{path}' (format parquet)")


def test_people_who_refused_are_not_sent_after_all_by_a_model(settings: Settings) -> None:
    decision = judge(settings, after_refusals(settings, "ours:consent_denied"))
    assert closing(decision) == ["withheld_now_sendable_share"]
    assert decision.failures[0].observed == "0.6"
    assert len(decision.failures[0].examples) == 5


@pytest.mark.parametrize(
    ("reasons", "refused", "now"),
    [(["ours:consent_unknown"], 40, 30), (["ours:consent_withdrawn"], 12, 10), (["ours:consent_stale"], 400, 60)],
    ids=["never asked", "few", "of many"],
)
def test_people_who_change_their_minds_close_no_file(
    reasons: list[str], refused: int, now: int, settings: Settings
) -> None:
    _, broken, _ = alarms(settings, after_refusals(settings, *reasons, refused=refused, now=now))
    assert broken == []


@pytest.mark.parametrize("renamed", ["source keys", "event name", "nothing"])
def test_a_model_that_would_send_history_again_closes_the_file(renamed: str, settings: Settings) -> None:
    expected = [] if renamed == "nothing" else ["enrolled_before_share"]
    assert closing(with_history_renamed(settings, renamed)) == expected


def test_a_model_that_changes_what_was_enrolled_closes_the_file(settings: Settings) -> None:
    assert closing(with_history_changed(settings)) == ["changed_history_share"]


def test_only_what_was_enrolled_is_a_norm(settings: Settings) -> None:
    after = enrolled_weeks(settings)
    closed = judged(settings, in_francs(Shop(9).rows(40)), after)
    again = judged(settings, in_francs(Shop(9).rows(40)), after)
    assert closing(closed) == closing(again) == ["rows_in_new_currency"]
    assert closing(judged(settings, in_francs(Shop(9).rows(40)), again.file_id)) == []


def test_counts_are_kept_for_five_weeks_and_without_anybody_in_them(settings: Settings) -> None:
    folder = settings.home.published / "tallies" / "meta"
    folder.mkdir(parents=True)
    judged(settings, Shop().rows(20), "")
    (today,) = folder.glob("*.parquet")
    for name in ("20261010", "20261101"):
        (folder / f"{name}.parquet").write_bytes(today.read_bytes())
    judged(settings, [*Shop().rows(20), *shifted(Shop().rows(1), 0, "more.")][:20], "")
    assert sorted(path.stem for path in folder.glob("*.parquet")) == ["20261101", "20261120"]
    with duckdb.connect() as connection:
        content = connection.execute("from read_parquet(?)", [str(today)]).fetchall()
    assert {row[3] for row in content} >= {"judged", "em", "events"}
    assert not any("purchase_1" in str(row) or "shop/" in str(row) for row in content)
    assert Path(today).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("of", ["", "landed"], ids=["delta files", "landing files"])
def test_counts_that_cannot_be_read_are_named_and_may_be_deleted(of: str, settings: Settings) -> None:
    day = settings.home.published / "tallies" / "meta" / of / "20261119.parquet"
    day.parent.mkdir(parents=True, exist_ok=True)
    day.write_bytes(b"PAR1 torn")
    delta = write_delta(settings.home, Shop().rows(20))
    with pytest.raises(LedgerConflict, match=f"{day.name} cannot be read .* delete it"):
        judge(settings, delta)
    day.unlink()
    assert judge(settings, delta).is_open
