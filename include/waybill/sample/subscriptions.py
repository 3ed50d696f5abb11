"""Subscriptions by the week: trials, first payments, renewals, upgrades and cancellations, one row each."""

from typing import Final

import numpy as np
import polars as pl

from waybill.sample import places, shares
from waybill.sample.dice import Dice, Flags, Ints
from waybill.sample.orders import money
from waybill.sample.timeline import DAY, MOMENT, Timeline

WEEK: Final = 7 * DAY
PLANS: Final = {"basic": 0.7, "plus": 0.3}
PRICE: Final = {"basic": 90_000, "plus": 190_000}
"""What a week costs, in ten-thousandths of a dollar."""

_LETTERS: Final = {"trial_started": "T", "subscribed": "S", "renewed": "R", "upgraded": "U", "cancelled": "X"}
COLUMNS: Final = (
    "subscription_event_id", "subscription_id", "customer_id", "event_type", "plan", "occurrence", "amount",
    "currency", "predicted_ltv", "is_test", "occurred_at", "updated_at",
)  # fmt: skip


def subscription_events(
    dice: Dice, timeline: Timeline, customer_ids: pl.Series, country: Ints, since: Ints
) -> pl.DataFrame:
    """What happened to the subscriptions that some of these customers took."""
    taken = dice.chance(shares.SUBSCRIBERS, len(customer_ids))
    ids, country, since = customer_ids.filter(pl.Series(taken, dtype=pl.Boolean)), country[taken], since[taken]
    n = len(ids)
    began = _began(dice, timeline, since)
    with_trial = dice.chance(shares.TRIALS, n)
    subscribed = np.where(with_trial, began + WEEK, began)
    is_subscribed = subscribed <= timeline.as_of
    leaves = is_subscribed & dice.chance(shares.LEAVES, n)
    left = np.where(leaves, timeline.between(dice, np.minimum(subscribed, timeline.as_of)), timeline.as_of + DAY)
    upgrades = is_subscribed & dice.chance(shares.UPGRADES, n)
    upgraded = timeline.between(dice, np.minimum(subscribed, timeline.as_of))
    people = pl.DataFrame(
        {
            "customer_id": ids,
            "plan": dice.kinds(PLANS, n),
            "per_dollar": np.array([c.per_dollar for c in places.COUNTRIES])[country],
            "currency": pl.Series([places.COUNTRIES[place].currency for place in country], dtype=pl.String),
            "is_test": pl.Series(dice.chance(shares.TEST_ORDER, n), dtype=pl.Boolean),
        }
    )
    weeks = np.maximum(0, (np.minimum(timeline.as_of, left) - subscribed) // WEEK)
    renewals = np.repeat(np.arange(n), weeks)
    week = np.arange(len(renewals)) - np.repeat(np.cumsum(weeks) - weeks, weeks) + 1
    parts = [
        _part(people, np.flatnonzero(with_trial), "trial_started", began),
        _part(people, np.flatnonzero(is_subscribed), "subscribed", subscribed),
        _part(people, renewals, "renewed", subscribed[renewals] + week * WEEK, week),
        _part(people, np.flatnonzero(upgrades & (upgraded < left)), "upgraded", upgraded),
        _part(people, np.flatnonzero(leaves), "cancelled", left),
    ]
    return events(dice, timeline, pl.concat(parts))


def events(dice: Dice, timeline: Timeline, frame: pl.DataFrame) -> pl.DataFrame:
    """The table's columns, from customer_id, plan, event_type, occurrence, week (ten-thousandths), currency, is_test
    and occurred (µs)."""
    kind = pl.col("event_type")
    pays, starts = kind.is_in(["subscribed", "renewed", "upgraded"]), kind.is_in(["trial_started", "subscribed"])
    subscription = pl.col("customer_id").str.replace("C-", "SUB-", literal=True)
    letter = kind.replace_strict(_LETTERS, return_dtype=pl.String)
    return frame.with_columns(
        subscription_id=subscription,
        subscription_event_id=pl.concat_str(subscription, pl.lit("-"), letter, pl.col("occurrence").cast(pl.String)),
        amount=pl.when(pays).then(pl.col("week")).when(kind == "trial_started").then(0),
        predicted_ltv=pl.when(starts).then(pl.col("week") * 30),
        occurrence=pl.col("occurrence").cast(pl.Int32),
        occurred_at=pl.col("occurred").cast(MOMENT),
        updated_at=pl.Series(timeline.committed(dice, frame["occurred"].to_numpy()), dtype=pl.Int64).cast(MOMENT),
    ).select(*(money(name) if name in ("amount", "predicted_ltv") else pl.col(name) for name in COLUMNS))


def _began(dice: Dice, timeline: Timeline, since: Ints) -> Ints:
    """When they signed up: in the last weeks, and in a later slice within it."""
    n = len(since)
    if timeline.is_later:
        return timeline.inside(dice, n)
    weeks_ago = timeline.as_of - (dice.unit(n) ** 1.5 * shares.SUBSCRIPTION_DAYS * DAY).astype(np.int64)
    return np.maximum(weeks_ago, since)


def _part(people: pl.DataFrame, rows: Ints, kind: str, moments: Ints, occurrence: Ints | None = None) -> pl.DataFrame:
    """The rows of one type; ``moments`` is per person, or per row where an occurrence is given."""
    whole: Flags = people["currency"].is_in(list(places.WHOLE_UNIT_CURRENCIES)).to_numpy()
    price = people["plan"].replace_strict(PRICE, return_dtype=pl.Float64).to_numpy() * people["per_dollar"].to_numpy()
    week = np.where(whole, np.ceil(price / 10_000) * 10_000, np.ceil(price / 100) * 100).astype(np.int64)
    return people[rows].with_columns(
        event_type=pl.lit(kind),
        occurrence=pl.Series(np.ones(len(rows), dtype=np.int64) if occurrence is None else occurrence, dtype=pl.Int64),
        week=pl.Series(week[rows], dtype=pl.Int64),
        occurred=pl.Series(moments[rows] if occurrence is None else moments, dtype=pl.Int64),
    )
