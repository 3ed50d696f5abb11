"""Subscriptions by the week: trials, first payments, renewals, upgrades and cancellations, one row each."""

from math import ceil
from typing import Final

import numpy as np
import polars as pl

from waybill.sample import places, shares
from waybill.sample.dice import Dice, Ints, spread, take
from waybill.sample.orders import money
from waybill.sample.timeline import DAY, MOMENT, Timeline

WEEK: Final = 7 * DAY
PLANS: Final = {"basic": 0.7, "plus": 0.3}
_DOLLARS: Final = {"basic": 9, "plus": 19}
_LETTERS: Final = {"trial_started": "T", "subscribed": "S", "renewed": "R", "upgraded": "U", "cancelled": "X"}
_WEEK_PRICES: Final = {  # in ten-thousandths: whole units of a currency without cents, whole cents elsewhere
    f"{plan} {currency}": ceil(dollars * per_dollar * 10_000 / unit) * unit
    for plan, dollars in _DOLLARS.items()
    for currency, per_dollar in places.PER_DOLLAR.items()
    for unit in (10_000 if currency in places.WHOLE_UNIT_CURRENCIES else 100,)
}
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
    plan = dice.kinds(PLANS, n)
    began = _began(dice, timeline, since)
    with_trial = dice.chance(shares.TRIALS, n)
    subscribed = np.where(with_trial, began + WEEK, began)
    is_over = subscribed <= timeline.as_of  # the trial, where there is one
    quits = with_trial & is_over & dice.chance(shares.TRIAL_ENDS, n)
    is_subscribed = is_over & ~quits
    leaves = is_subscribed & dice.chance(shares.LEAVES, n)
    never = timeline.as_of + DAY
    since_subscribed = np.minimum(subscribed, timeline.as_of)
    left = np.where(leaves, timeline.between(dice, since_subscribed), np.where(quits, subscribed, never))
    upgraded = timeline.between(dice, since_subscribed)
    upgrades = is_subscribed & (plan == "basic").to_numpy() & dice.chance(shares.UPGRADES, n) & (upgraded < left)
    people = pl.DataFrame(
        {
            "customer_id": ids,
            "plan": plan,
            "upgraded": np.where(upgrades, upgraded, never),
            "currency": take([c.currency for c in places.COUNTRIES], country),
            "is_test": pl.Series(dice.chance(shares.TEST_ORDER, n), dtype=pl.Boolean),
        }
    )
    weeks = np.where(is_subscribed, (np.minimum(timeline.as_of, left) - since_subscribed) // WEEK, 0)
    renewals, week = spread(weeks)
    parts = [
        _part(people, np.flatnonzero(with_trial), "trial_started", began),
        _part(people, np.flatnonzero(is_subscribed), "subscribed", subscribed),
        _part(people, renewals, "renewed", subscribed[renewals] + week * WEEK, week),
        _part(people, np.flatnonzero(upgrades), "upgraded", upgraded),
        _part(people, np.flatnonzero(leaves | quits), "cancelled", left),
    ]
    return events(dice, timeline, pl.concat(parts))


def events(dice: Dice, timeline: Timeline, frame: pl.DataFrame) -> pl.DataFrame:
    """The table's columns, from customer_id, plan, event_type, occurrence, currency, is_test and occurred (µs)."""
    kind = pl.col("event_type")
    pays, starts = kind.is_in(["subscribed", "renewed", "upgraded"]), kind.is_in(["trial_started", "subscribed"])
    subscription = pl.col("customer_id").str.replace("C-", "SUB-", literal=True)
    letter = kind.replace_strict(_LETTERS, return_dtype=pl.String)
    week = pl.concat_str("plan", pl.lit(" "), "currency").replace_strict(_WEEK_PRICES, return_dtype=pl.Int64)
    return frame.with_columns(
        subscription_id=subscription,
        subscription_event_id=pl.concat_str(subscription, pl.lit("-"), letter, pl.col("occurrence").cast(pl.String)),
        amount=pl.when(pays).then(week).when(kind == "trial_started").then(0),
        predicted_ltv=pl.when(starts).then(week * 30),
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
    occurred = moments[rows] if occurrence is None else moments
    number = np.ones(len(rows), dtype=np.int64) if occurrence is None else occurrence
    return people[rows].select(
        "customer_id",
        pl.when(pl.col("upgraded") <= pl.Series(occurred)).then(pl.lit("plus")).otherwise("plan").alias("plan"),
        pl.lit(kind).alias("event_type"),
        pl.Series("occurrence", number, dtype=pl.Int64),
        "currency",
        "is_test",
        pl.Series("occurred", occurred, dtype=pl.Int64),
    )
