"""What a later slice moves on in the CRM and in the subscriptions that are there."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from waybill.sample import places, shares
from waybill.sample.crm import changes
from waybill.sample.dice import Dice, Ints, spread
from waybill.sample.shop import Tables
from waybill.sample.store import Store
from waybill.sample.subscriptions import WEEK, events
from waybill.sample.timeline import MOMENT, Timeline


def moves(store: Store, dice: Callable[[int], Dice], timeline: Timeline, new: Tables) -> Tables:
    """Further changes of stage of known leads, and what becomes of known trials and subscriptions."""
    return {
        "lead_stages": _stages(store, dice(24), timeline, len(new["leads"])),
        "subscription_events": _subscriptions(store, dice(25), timeline),
    }


def _stages(store: Store, dice: Dice, timeline: Timeline, n_leads: int) -> pl.DataFrame:
    rows = store.read(
        "select lead_id, max(meta_lead_id), count(*), coalesce(max(lead_stages.currency), max(leads.currency)), "  # noqa: S608
        "max(country) from lead_stages left join leads using (lead_id) where not lead_stages.is_test "
        f"group by lead_id having count(*) < 6 order by lead_id desc limit {round(n_leads * shares.STAGE_CHANGES * 20)}"
    )
    columns = ("lead_id", "meta_lead_id", "known", "currency", "country")
    schema = pl.Schema({**dict.fromkeys(columns, pl.String), "known": pl.Int64})
    known = pl.DataFrame(rows, schema=schema, orient="row")
    n = len(known)
    frame = known.filter(pl.Series(dice.chance(1 / 20, n) if n > 20 else np.ones(n, dtype=bool), dtype=pl.Boolean))
    n = len(frame)
    local = pl.col("country").replace_strict(places.CURRENCY_OF, default=None, return_dtype=pl.String)
    return changes(
        dice,
        timeline,
        frame.with_columns(
            number=pl.col("known") + 1,
            stage=dice.kinds({"Marketing Qualified": 0.3, "Sales Opportunity": 0.4, "Converted": 0.3}, n),
            is_test=pl.lit(False),
            amount=pl.Series(dice.whole(1, 90, n) * 100 * 10_000, dtype=pl.Int64),
            currency=pl.coalesce("currency", local, pl.lit(places.COUNTRIES[0].currency)),
            changed=pl.Series(timeline.inside(dice, n), dtype=pl.Int64),
        ),
    )


def _subscriptions(store: Store, dice: Dice, timeline: Timeline) -> pl.DataFrame:
    """A trial's week ends in a first payment, every later week in a renewal, or either in a cancellation; whose week is
    not over may upgrade."""
    known = _running(store)
    n = len(known)
    start, renewed = known["start"].to_numpy(), known["renewed"].to_numpy()
    first = np.where(known["is_trial"].to_numpy(), 0, renewed + 1)  # the weeks are counted from the first payment: 0
    due = np.maximum((timeline.as_of - start) // WEEK - first + 1, 0)
    ends = dice.unit(n) < np.where(first == 0, shares.TRIAL_ENDS, shares.RENEWAL_ENDS)
    of, number = spread(np.where(ends, np.minimum(due, 1), due))
    week = first[of] + number - 1
    kind = np.select([ends[of], week == 0], ["cancelled", "subscribed"], "renewed")
    occurrence = np.where(kind == "renewed", week, 1)
    upgrades = np.flatnonzero((due == 0) & (known["plan"] == "basic").to_numpy() & ~known["is_trial"].to_numpy())
    upgrades = upgrades[dice.chance(shares.LATER_UPGRADES, len(upgrades))]
    higher = known.with_columns(plan=pl.lit("plus"))
    moments = timeline.inside(dice, len(upgrades))
    rows = [
        _rows(known, of, kind, occurrence, start[of] + week * WEEK),
        _rows(higher, upgrades, np.full(len(upgrades), "upgraded"), np.ones(len(upgrades), dtype=np.int64), moments),
    ]
    return events(dice, timeline, pl.concat(rows))


def _running(store: Store) -> pl.DataFrame:
    """The subscriptions that nobody has cancelled, with the moment of the first payment, made or to come.

    A plan only ever goes up, to one that comes later in the alphabet too.
    """
    rows = store.read(
        "select customer_id, max(plan), max(currency), count(*) filter (where event_type = 'renewed'), "
        "max(case when event_type = 'trial_started' then occurred_at end), "
        "max(case when event_type = 'subscribed' then occurred_at end) "
        "from subscription_events where not is_test group by customer_id "
        "having count(*) filter (where event_type = 'cancelled') = 0 order by customer_id"
    )
    known = pl.DataFrame(
        rows,
        schema={
            "customer_id": pl.String,
            "plan": pl.String,
            "currency": pl.String,
            "renewed": pl.Int64,
            "tried": MOMENT,
            "paid": MOMENT,
        },
        orient="row",
    )
    paid, tried = pl.col("paid").cast(pl.Int64), pl.col("tried").cast(pl.Int64)
    return known.select(
        "customer_id", "plan", "currency", "renewed",
        pl.coalesce(paid, tried + WEEK).alias("start"),
        paid.is_null().alias("is_trial"),
    )  # fmt: skip


def _rows(known: pl.DataFrame, of: Ints, kind: npt.NDArray[np.str_], occurrence: Ints, occurred: Ints) -> pl.DataFrame:
    return known[of].select(
        "customer_id",
        "plan",
        pl.Series("event_type", kind.tolist(), dtype=pl.String),
        pl.Series("occurrence", occurrence, dtype=pl.Int64),
        "currency",
        pl.lit(False).alias("is_test"),
        pl.Series("occurred", occurred, dtype=pl.Int64),
    )
