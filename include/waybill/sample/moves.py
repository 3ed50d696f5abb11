"""What a later slice moves on in the CRM and in the subscriptions that are there."""

from collections.abc import Callable

import numpy as np
import polars as pl

from waybill.sample import shares
from waybill.sample.crm import changes
from waybill.sample.dice import Dice
from waybill.sample.shop import Tables
from waybill.sample.store import Store
from waybill.sample.subscriptions import events
from waybill.sample.timeline import Timeline


def moves(store: Store, dice: Callable[[int], Dice], timeline: Timeline, new: Tables) -> Tables:
    """Further changes of stage of known leads, and renewals and ends of known subscriptions."""
    return {
        "lead_stages": _stages(store, dice(24), timeline, len(new["leads"])),
        "subscription_events": _renewals(store, dice(25), timeline, len(new["orders"])),
    }


def _stages(store: Store, dice: Dice, timeline: Timeline, n_leads: int) -> pl.DataFrame:
    rows = store.read(
        "select lead_id, max(meta_lead_id), count(*), max(currency) from lead_stages where not is_test "  # noqa: S608
        f"group by lead_id having count(*) < 6 order by lead_id desc limit {round(n_leads * shares.STAGE_CHANGES * 20)}"
    )
    known = pl.DataFrame(
        rows,
        schema={"lead_id": pl.String, "meta_lead_id": pl.String, "known": pl.Int64, "currency": pl.String},
        orient="row",
    )
    n = len(known)
    frame = known.filter(pl.Series(dice.chance(1 / 20, n) if n > 20 else np.ones(n, dtype=bool), dtype=pl.Boolean))
    n = len(frame)
    return changes(
        dice,
        timeline,
        frame.with_columns(
            number=pl.col("known") + 1,
            stage=dice.kinds({"Marketing Qualified": 0.3, "Sales Opportunity": 0.4, "Converted": 0.3}, n),
            is_test=pl.lit(False),
            amount=pl.Series(dice.whole(1, 90, n) * 100 * 10_000, dtype=pl.Int64),
            currency=pl.col("currency").fill_null("EUR"),
            changed=pl.Series(timeline.inside(dice, n), dtype=pl.Int64),
        ),
    )


def _renewals(store: Store, dice: Dice, timeline: Timeline, n_orders: int) -> pl.DataFrame:
    rows = store.read(
        "select customer_id, max(plan), max(currency), cast(max(amount) * 10000 as bigint), "  # noqa: S608
        "sum(case when event_type = 'renewed' then 1 else 0 end) from subscription_events where not is_test "
        "group by customer_id having sum(case when event_type = 'subscribed' then 1 else 0 end) > 0 "
        "and sum(case when event_type = 'cancelled' then 1 else 0 end) = 0 "
        f"order by customer_id desc limit {round(n_orders * shares.RENEWALS)}"
    )
    known = pl.DataFrame(
        [(customer, plan, currency, week, int(renewed)) for customer, plan, currency, week, renewed in rows],
        schema={
            "customer_id": pl.String, "plan": pl.String, "currency": pl.String, "week": pl.Int64, "renewed": pl.Int64,
        },
        orient="row",
    )  # fmt: skip
    n = len(known)
    ends = pl.Series(dice.chance(0.2, n), dtype=pl.Boolean)
    return events(
        dice,
        timeline,
        known.with_columns(
            event_type=pl.when(ends).then(pl.lit("cancelled")).otherwise(pl.lit("renewed")),
            occurrence=pl.when(ends).then(1).otherwise(pl.col("renewed") + 1),
            is_test=pl.lit(False),
            occurred=pl.Series(timeline.inside(dice, n), dtype=pl.Int64),
        ),
    )
