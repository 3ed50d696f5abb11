"""What a later slice changes in the shop that is there: money comes in and goes back, people change their minds."""

from typing import Final

import numpy as np
import polars as pl

from waybill.sample import shares
from waybill.sample.consents import consent_rows
from waybill.sample.dice import Dice
from waybill.sample.moves import moves
from waybill.sample.shop import Numbers, Tables
from waybill.sample.store import Store
from waybill.sample.timeline import DAY, MOMENT, Timeline
from waybill.sample.web import clicks, visits

_RECENT_DAYS: Final = 3


def updates(
    store: Store, seed: int, slice_number: int, timeline: Timeline, new: Tables, used: Numbers
) -> tuple[Tables, dict[str, int]]:
    """The slice's tables with the updated rows among the new ones, and how many rows touch or join what was there."""

    def dice(part: int) -> Dice:
        return Dice(seed, slice_number, part)

    n_orders = len(new["orders"])
    changed = _order_changes(store, dice(20), timeline, new["orders"])
    told = _withdrawals(store, dice(21), timeline, n_orders, 70_001 + used.consents + len(new["consents"]))
    landed = _late_clicks(store, dice(22), timeline, n_orders, 50_001 + used.clicks + len(new["clicks"]))
    returning = _returning(store, dice(23), timeline, new["orders"])
    tables = {
        **new,
        "orders": pl.concat([returning, changed]),
        "consents": pl.concat([new["consents"], told]),
        "clicks": pl.concat([new["clicks"], landed]),
    }
    moved = moves(store, dice, timeline, new)
    for name, rows in moved.items():
        tables[name] = pl.concat([new[name], rows])
    told_of = {"orders": changed, "consents": told, "clicks": landed, **moved}
    return tables, {name: len(rows) for name, rows in told_of.items()}


def _order_changes(store: Store, dice: Dice, timeline: Timeline, like: pl.DataFrame) -> pl.DataFrame:
    """Payments that come in, and recent paid orders that are cancelled, refunded (a third in part) or shipped."""
    [(n_pending,)] = store.read("select count(*) from orders where status = 'pending'")
    pending = _orders(store, "status = 'pending'", round(n_pending * shares.PAYMENTS), like)
    amounts = [round(len(like) * share) for share in (shares.CANCELLATIONS, shares.REFUNDS, shares.FULFILMENTS)]
    paid = _orders(store, f"status = 'paid' and ordered_at > {_recent(timeline)}", sum(amounts), like)
    fate = np.repeat(["cancelled", "refunded", "fulfilled"], amounts)[: len(paid)]
    part = np.where(dice.chance(1 / 3, len(paid)) & (fate == "refunded"), "partially_refunded", fate)
    rows = pl.concat(
        [
            pending.with_columns(fate=pl.lit("paid")),
            paid.with_columns(fate=pl.Series(part.tolist(), dtype=pl.String)),
        ]
    )
    rows = rows.with_columns(now=_moments(dice, timeline, len(rows)))
    fate_is, now = pl.col("fate"), pl.col("now")
    gives_back = fate_is.is_in(["cancelled", "refunded", "partially_refunded"])
    half = (pl.col("total") * pl.lit("0.5").cast(pl.Decimal(18, 4))).round(0).cast(pl.Decimal(18, 4))
    return (
        rows.with_columns(
            status=fate_is,
            paid_at=pl.when(fate_is == "paid").then(now).otherwise("paid_at"),
            cancelled_at=pl.when(fate_is == "cancelled").then(now).otherwise("cancelled_at"),
            refunded_at=pl.when(gives_back).then(now).otherwise("refunded_at"),
            refunded_amount=pl.when(fate_is == "partially_refunded")
            .then(half)
            .when(gives_back)
            .then("total")
            .otherwise("refunded_amount"),
            updated_at=now,
        )
        .select(like.columns)
        .cast(like.schema)
    )


def _withdrawals(store: Store, dice: Dice, timeline: Timeline, n_orders: int, first_number: int) -> pl.DataFrame:
    """Customers and leads of the last days who withdraw what they granted."""
    limit, recent = round(n_orders * shares.WITHDRAWALS), _recent(timeline)
    granted = "select subject_id from consents where purpose = 'advertising' and decision = 'granted'"
    customers = store.read(
        f"select distinct customer_id from orders where ordered_at > {recent} and customer_id in ({granted}) "  # noqa: S608
        f"order by customer_id limit {limit}"
    )
    people = store.read(
        f"select lead_id from leads where submitted_at > {recent} and lead_id in ({granted}) "  # noqa: S608
        f"order by lead_id limit {limit // 4}"
    )
    rows = pl.DataFrame(
        {
            "subject_type": ["customer"] * len(customers) + ["lead"] * len(people),
            "subject_id": [row[0] for row in [*customers, *people]],
        },
        schema={"subject_type": pl.String, "subject_id": pl.String},
    ).with_columns(purpose=pl.lit("advertising"), decision=pl.lit("withdrawn"))
    return consent_rows(
        dice, timeline, first_number, rows, _moments(dice, timeline, len(rows)).cast(pl.Int64).to_numpy()
    )


def _late_clicks(store: Store, dice: Dice, timeline: Timeline, n_orders: int, first_number: int) -> pl.DataFrame:
    """Click rows, all with a captured id, that land after the orders they belong to did."""
    rows = store.read(
        f"select order_id, ordered_at from orders where channel = 'web' and ordered_at > {_recent(timeline)} "  # noqa: S608
        "and order_id not in (select order_id from clicks where order_id is not null) "
        f"order by ordered_at desc, order_id limit {round(n_orders * shares.LATE_CLICKS)}"
    )
    late = pl.DataFrame(rows, schema={"order_id": pl.String, "happened": MOMENT}, orient="row")
    return clicks(
        dice, timeline, first_number, visits("order_id", late["order_id"], "purchase", late["happened"]), captured=1.0
    )


def _returning(store: Store, dice: Dice, timeline: Timeline, new_orders: pl.DataFrame) -> pl.DataFrame:
    """Gives some of the new orders to customers who ordered before, in their currency."""
    limit = round(len(new_orders) * shares.RETURNING)
    rows = store.read(
        "select customer_id, currency from orders where customer_id is not null and currency is not null "  # noqa: S608
        f"and ordered_at > {_recent(timeline)} order by ordered_at, order_id limit {limit}"
    )
    nth = pl.int_range(pl.len()).over("currency").alias("nth")
    known = pl.DataFrame(rows, schema={"known": pl.String, "currency": pl.String}, orient="row").with_columns(nth)
    candidates = new_orders.with_columns(nth).join(known, on=["currency", "nth"], how="left", maintain_order="left")
    returns = (
        pl.Series(dice.chance(shares.RETURNING, len(new_orders)), dtype=pl.Boolean) & candidates["known"].is_not_null()
    )
    return candidates.with_columns(pl.when(returns).then("known").otherwise("customer_id").alias("customer_id")).select(
        new_orders.columns
    )


def _orders(store: Store, condition: str, limit: int, like: pl.DataFrame) -> pl.DataFrame:
    columns = ", ".join(like.columns)
    rows = store.read(
        f"select {columns} from orders where {condition} order by ordered_at desc, order_id limit {limit}"  # noqa: S608
    )
    return pl.DataFrame(rows, schema=like.schema, orient="row")


def _moments(dice: Dice, timeline: Timeline, n: int) -> pl.Series:
    """Moments inside the slice."""
    return pl.Series(timeline.inside(dice, n), dtype=pl.Int64).cast(MOMENT)


def _recent(timeline: Timeline) -> str:
    """The start of the last days as a literal that both engines read."""
    moment = pl.select(pl.lit(timeline.as_of - _RECENT_DAYS * DAY).cast(MOMENT)).item()
    return f"timestamptz '{moment.isoformat()}'"
