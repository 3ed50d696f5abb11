"""Orders and their lines: what was bought, through which channel, and what became of it."""

from typing import Final

import numpy as np
import polars as pl

from waybill.sample import places, shares
from waybill.sample.dice import Dice, Flags, Floats, Ints, spread, take
from waybill.sample.timeline import HOUR, MOMENT, SECOND, Timeline

MONEY: Final = pl.Decimal(18, 4)
PRODUCTS: Final = 60
_NEVER: Final = -1  # in a column of moments: has not happened


def money(ten_thousandths: str) -> pl.Expr:
    """A column of whole ten-thousandths as an exact decimal."""
    wide = pl.Decimal(38, 4)
    return (pl.col(ten_thousandths).cast(wide) * pl.lit("0.0001").cast(wide)).cast(MONEY).alias(ten_thousandths)


def order_numbers(first: int, n: int) -> pl.Series:
    return pl.Series(np.arange(first, first + n, dtype=np.int64)).cast(pl.String)


def orders(
    dice: Dice, timeline: Timeline, first_number: int, customer: Ints, customer_ids: pl.Series, country: Ints
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One order per entry of ``customer`` (positions in ``customer_ids`` and ``country``), and the orders' lines."""
    n = len(customer)
    channel = dice.kinds(shares.CHANNEL, n)
    ordered = np.where(
        (channel == "store").to_numpy(),
        timeline.happenings(dice, n, shares.STORE_OLDEST_DAYS),
        timeline.happenings(dice, n),
    )
    lines, totals = _lines(dice, timeline, country[customer] if n else customer, ordered)
    frame = pl.DataFrame(
        {
            "order_id": _ids(dice, first_number, channel),
            "customer_id": customer_ids.gather(customer),
            "channel": channel,
            "is_test": dice.chance(shares.TEST_ORDER, n),
            "currency": _currencies(dice, country[customer] if n else customer),
            "total": totals,
            "store_code": dice.pick([f"S-{number:03}" for number in range(1, 25)], n),
            "ordered_at": ordered,
        }
    )
    frame = frame.with_columns(
        pl.when(pl.Series(dice.chance(shares.GUEST, n)).not_()).then(pl.col("customer_id")).alias("customer_id"),
        pl.when(pl.col("channel") == "store").then(pl.col("store_code")).alias("store_code"),
    )
    frame = _fates(dice, timeline, frame)
    lines = lines.with_columns(frame["order_id"].gather(lines["order"]).alias("order_id"))
    share = frame["channel"].replace_strict(shares.LINES_MISSING, default=0.003, return_dtype=pl.Float64)
    missing = dice.unit(n) < share.to_numpy()
    lines = lines.filter(pl.Series(~missing[lines["order"].to_numpy()], dtype=pl.Boolean))
    frame = _worth(dice, frame)
    return frame, lines.drop("order").with_columns(money("unit_price"))


def _worth(dice: Dice, frame: pl.DataFrame) -> pl.DataFrame:
    """What the shop knows of an order beyond its total: brand, margin, the buyer's worth and whether they are new."""
    n = len(frame)
    segment = dice.kinds(shares.SEGMENT, n)
    margin = pl.col("total") * pl.Series(dice.whole(1, 6, n)) // 10 // 10_000 * 10_000
    worth = pl.col("total") * pl.Series(dice.whole(2, 9, n))
    return frame.with_columns(
        brand=pl.Series(np.where(dice.chance(shares.OUTLET, n), "outlet", "shop").tolist(), dtype=pl.String),
        customer_segment=pl.select(pl.when(segment != "missing").then(segment)).to_series(),
        net_revenue=pl.when(pl.Series(dice.chance(shares.HAS_MARGIN, n), dtype=pl.Boolean)).then(margin),
        predicted_ltv=pl.when(pl.Series(dice.chance(shares.HAS_LTV, n), dtype=pl.Boolean)).then(worth),
    ).with_columns(*(money(name) for name in ("total", "refunded_amount", "net_revenue", "predicted_ltv")))


def _ids(dice: Dice, first: int, channel: pl.Series) -> pl.Series:
    """Numbers as shops count them, some with the letters, dashes and slashes of other systems."""
    n = len(channel)
    frame = pl.DataFrame(
        {
            "number": order_numbers(first, n),
            "odd": dice.chance(shares.ODD_ORDER_ID, n),
            "form": dice.whole(0, 3, n),
            "channel": channel,
        }
    )
    number = pl.col("number")
    return frame.select(
        pl.when(pl.col("odd").not_()).then(number)
        .when(pl.col("channel") == "store").then(pl.concat_str(pl.lit("POS/07/"), number))
        .when(pl.col("form") == 0).then(pl.concat_str(pl.lit("SO-2026-"), number))
        .when(pl.col("form") == 1).then(pl.concat_str(number, pl.lit("-B")))
        .when(pl.col("form") == 2).then(pl.concat_str(pl.lit("web_"), number))
        .otherwise(pl.concat_str(pl.lit("AMZ-"), number.str.slice(0, 3), pl.lit("-"), number.str.slice(3)))
    ).to_series()  # fmt: skip


def _currencies(dice: Dice, country: Ints) -> pl.Series:
    n = len(country)
    luck = dice.unit(n)
    missing, unknown, lower = np.cumsum((shares.NO_CURRENCY, shares.UNKNOWN_CURRENCY, shares.LOWER_CURRENCY))
    frame = pl.DataFrame(
        {
            "luck": luck,
            "currency": take([c.currency for c in places.COUNTRIES], country),
            "odd": dice.pick(("ZZZ", "EURO", "$"), n),
        }
    )
    return frame.select(
        pl.when(pl.col("luck") < missing).then(None)
        .when(pl.col("luck") < unknown).then(pl.col("odd"))
        .when(pl.col("luck") < lower).then(pl.col("currency").str.to_lowercase())
        .otherwise(pl.col("currency"))
    ).to_series()  # fmt: skip


def _lines(dice: Dice, timeline: Timeline, country: Ints, ordered: Ints) -> tuple[pl.DataFrame, Ints]:
    """The lines of all orders (``order`` is the order's position), and each order's total in ten-thousandths."""
    n = len(country)
    parent, number = spread(dice.kinds(shares.LINES, n).cast(pl.Int64).to_numpy())
    product = dice.whole(1, PRODUCTS, len(parent))
    quantity = take((1, 2, 3, 4), dice.index((0.72, 0.18, 0.06, 0.04), len(parent))).cast(pl.Int64).to_numpy()
    price = _prices(dice, product, country[parent])
    luck = dice.unit(n)[parent]  # an order is a gift, or a return booked as an order, as a whole
    price = np.where(luck < shares.ZERO_TOTAL, 0, price)
    price = np.where((luck >= shares.ZERO_TOTAL) & (luck < shares.ZERO_TOTAL + shares.NEGATIVE_TOTAL), -price, price)
    totals = np.bincount(parent, weights=price * quantity, minlength=n).astype(np.int64)  # exact: far below 2^53
    lines = pl.DataFrame(
        {
            "order": parent,
            "line_number": pl.Series(number).cast(pl.Int32),
            "product_id": take([f"SKU-{1000 + i}" for i in range(PRODUCTS + 1)], product),
            "quantity": pl.Series(quantity).cast(pl.Int32),
            "unit_price": price,
            "updated_at": pl.Series(timeline.committed(dice, ordered[parent])).cast(MOMENT),
        }
    )
    return lines, totals


def _prices(dice: Dice, product: Ints, country: Ints) -> Ints:
    """Unit prices in ten-thousandths of the country's currency: x.99, whole yen, some to a hundredth of a cent."""
    local: Floats = (4.0 + (product * 7919 % 97) ** 1.15) * np.array([c.per_dollar for c in places.COUNTRIES])[country]
    whole_units: Flags = np.array([c.currency in places.WHOLE_UNIT_CURRENCIES for c in places.COUNTRIES])[country]
    cents: Ints = np.floor(local).astype(np.int64) * 10_000 + np.where(whole_units, 0, 9_900)
    by_weight = dice.chance(shares.FOUR_DECIMALS, len(product)) & ~whole_units
    return np.where(by_weight, cents + dice.whole(1, 99, len(product)), cents)


def _fates(dice: Dice, timeline: Timeline, frame: pl.DataFrame) -> pl.DataFrame:
    """Adds status, payment, cancellation, refund and commit; what would happen after as_of has not happened."""
    n = len(frame)
    ordered = frame["ordered_at"].to_numpy()
    is_store = (frame["channel"] == "store").to_numpy()
    fate = dice.kinds(shares.OUTCOME, n).to_numpy()
    slow = dice.chance(shares.SLOW_PAYMENT, n)
    wait = np.where(slow, (2 + 38 * dice.unit(n)) * HOUR, (5 + dice.waiting(40, n)) * SECOND).astype(np.int64)
    unpaid = ((fate == "pending") | (fate == "cancelled_unpaid")) & ~is_store
    paid = np.where(is_store, ordered, ordered + wait)
    paid = np.where(unpaid | (paid > timeline.as_of), _NEVER, paid)
    cancelled = ordered + (dice.waiting(5, n) * HOUR).astype(np.int64) + np.where(unpaid, 0, wait)
    cancels = ((fate == "cancelled_unpaid") & unpaid) | ((fate == "cancelled_paid") & (paid != _NEVER))
    cancelled = np.where(cancels & (cancelled <= timeline.as_of), cancelled, _NEVER)
    refunded = paid + (dice.waiting(12, n) * HOUR).astype(np.int64)
    refunds = ((fate == "refunded") | (fate == "partially_refunded")) & (paid != _NEVER)
    refunded = np.where(refunds & (refunded <= timeline.as_of), refunded, _NEVER)
    cancelled_paid = (cancelled != _NEVER) & (paid != _NEVER)
    refunded = np.where(cancelled_paid, cancelled, refunded)  # the money goes back with the cancellation
    partial = (fate == "partially_refunded") & (refunded != _NEVER)
    shipped = (paid != _NEVER) & dice.chance(shares.FULFILLED, n) & ~is_store & (refunded == _NEVER)
    touched = np.maximum.reduce([ordered, paid, cancelled, refunded])
    shipping = np.minimum(paid + 6 * HOUR + (dice.unit(n) * 30 * HOUR).astype(np.int64), timeline.as_of)
    shipped &= paid + 36 * HOUR < timeline.as_of
    total = frame["total"].to_numpy()
    some = total * dice.whole(1, 8, n) // 10 // 10_000 * 10_000
    status = np.select(
        [cancelled != _NEVER, partial, refunded != _NEVER, paid == _NEVER, fate == "duplicate", shipped | is_store],
        ["cancelled", "partially_refunded", "refunded", "pending", "duplicate", "fulfilled"],
        "paid",
    )
    return frame.select(
        "order_id", "customer_id", "channel",
        pl.Series("status", status.astype(object), dtype=pl.String), "is_test", "currency", "total",
        pl.Series("refunded_amount", np.select([refunded == _NEVER, partial], [0, some], total)),
        "store_code", pl.col("ordered_at").cast(MOMENT),
        _moments("paid_at", paid), _moments("cancelled_at", cancelled), _moments("refunded_at", refunded),
        pl.Series("updated_at", timeline.committed(dice, np.where(shipped, shipping, touched))).cast(MOMENT),
    )  # fmt: skip


def _moments(name: str, micros: Ints) -> pl.Series:
    column = pl.Series(name, micros)
    return pl.select(pl.when(column != _NEVER).then(column).cast(MOMENT).alias(name)).to_series()
