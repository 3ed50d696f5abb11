"""What becomes of trials, subscriptions and leads as the sample shop goes on, slice by slice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from waybill.sample import add_slice, make, places
from waybill.settings import Settings, load_settings

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
SLICES = 12


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that went on for twelve days, a slice a day."""
    home = tmp_path_factory.mktemp("home")

    def settings() -> Settings:
        return load_settings({"WAYBILL_HOME": str(home)})

    make(settings(), 6000, 1200, seed=5, as_of=AS_OF)
    for day in range(1, SLICES + 1):
        add_slice(settings(), orders=60, leads=200, as_of=AS_OF + timedelta(days=day))
    return home / "shop.duckdb"


@pytest.fixture(scope="module")
def events(shop: Path) -> pl.DataFrame:
    with duckdb.connect(shop, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.sql(
            "select * from subscription_events where not is_test order by subscription_id, occurred_at"
        ).pl()


def moments(events: pl.DataFrame, kind: str, name: str) -> pl.DataFrame:
    return events.filter(pl.col("event_type") == kind).select("subscription_id", pl.col("occurred_at").alias(name))


def test_a_trial_is_paid_for_or_cancelled_when_its_week_is_over(events: pl.DataFrame) -> None:
    trials = (
        moments(events, "trial_started", "began")
        .filter(pl.col("began").is_between(AS_OF - WEEK, AS_OF, closed="none"))
        .join(moments(events, "subscribed", "paid"), on="subscription_id", how="left")
        .join(moments(events, "cancelled", "left"), on="subscription_id", how="left")
    )
    end = pl.col("began") + WEEK
    assert trials.filter(pl.col("paid") != end).is_empty()
    assert trials.filter(pl.col("paid").is_null() & (pl.col("left") != end)).is_empty()
    assert trials.filter(pl.col("paid").is_null() & pl.col("left").is_null()).is_empty()
    assert trials["paid"].null_count() > 5
    assert trials["paid"].count() > 20


def test_every_subscription_renews_by_its_own_weeks_until_it_is_cancelled(events: pl.DataFrame) -> None:
    until = AS_OF + timedelta(days=SLICES)
    whole = (
        moments(events, "subscribed", "paid")
        .join(moments(events, "cancelled", "left"), on="subscription_id", how="left")
        .with_columns(pl.coalesce("left", pl.lit(until)).alias("left"))
    )
    renewed = events.filter(pl.col("event_type") == "renewed").join(whole, on="subscription_id", how="left")
    assert renewed.filter(pl.col("occurred_at") != pl.col("paid") + pl.col("occurrence") * WEEK).is_empty()
    assert renewed.filter(pl.col("occurred_at") > pl.col("left")).is_empty()
    counted = whole.join(renewed.group_by("subscription_id").len(), on="subscription_id", how="left").with_columns(
        ((pl.col("left") - pl.col("paid")).dt.total_days() // 7).alias("weeks"), pl.col("len").fill_null(0)
    )
    ended_instead = (pl.col("left") != until) & (pl.col("len") == pl.col("weeks") - 1)
    assert counted.filter((pl.col("len") != pl.col("weeks")) & ~ended_instead).is_empty()
    assert counted.filter(ended_instead).height > 5


def test_an_upgrade_changes_plan_and_amount_from_then_on(events: pl.DataFrame) -> None:
    upgraded = events.join(moments(events, "upgraded", "upgraded"), on="subscription_id")
    before, after = (
        upgraded.filter(pl.col("occurred_at") < pl.col("upgraded")),
        upgraded.filter(pl.col("occurred_at") >= pl.col("upgraded")),
    )
    assert upgraded["upgraded"].n_unique() > 20
    assert upgraded.filter(pl.col("upgraded") > AS_OF)["upgraded"].n_unique() > 5
    assert set(before["plan"]) == {"basic"}
    assert set(after["plan"]) == {"plus"}
    renewals = pl.col("event_type") == "renewed"
    prices = before.filter(renewals).join(after.filter(renewals), on="subscription_id")
    assert prices.height > 5
    assert prices.filter(pl.col("amount_right") <= pl.col("amount")).is_empty()


def test_a_slice_of_three_weeks_brings_every_week_of_them(tmp_path: Path) -> None:
    settings = load_settings({"WAYBILL_HOME": str(tmp_path)})
    make(settings, 2000, 0, seed=5, as_of=AS_OF)
    settings = load_settings({"WAYBILL_HOME": str(tmp_path)})
    add_slice(settings, orders=0, leads=0, as_of=AS_OF + 3 * WEEK)
    with duckdb.connect(tmp_path / "shop.duckdb", read_only=True) as connection:
        renewals = connection.execute(
            "select count(*) from subscription_events where event_type = 'renewed' and occurred_at > $1"
            " group by subscription_id",
            [AS_OF],
        ).fetchall()
    assert max(renewals) == (3,)


def test_a_won_lead_is_worth_money_of_its_country(shop: Path) -> None:
    with duckdb.connect(shop, read_only=True) as connection:
        won = connection.execute(
            "select lead_stages.currency, leads.country, leads.currency, lead_stages.updated_at > leads.updated_at"
            " + interval 1 day from lead_stages join leads using (lead_id) where stage = 'Converted'"
        ).fetchall()
    known = [row for row in won if row[1] in places.CURRENCY_OF]
    assert len(known) > 50
    assert sum(row[3] for row in known) > 5
    assert {row for row in known if row[0] != places.CURRENCY_OF[row[1]]} == set()
    assert {row for row in won if row[2] and row[0] != row[2]} == set()
