"""Appointments: fittings and consultations that customers book. No table of ``waybill.toml``: the tutorial adds it."""

from typing import Final

import polars as pl

from waybill.sample import shares
from waybill.sample.dice import Dice, Ints
from waybill.sample.timeline import DAY, MOMENT, Timeline

SERVICES: Final = {"fitting": 0.5, "consultation": 0.3, "repair": 0.2}
STATUS: Final = {"booked": 0.8, "kept": 0.1, "cancelled": 0.07, "no_show": 0.03}


def appointments(dice: Dice, timeline: Timeline, customer_ids: pl.Series, since: Ints) -> pl.DataFrame:
    """One appointment for some of these customers."""
    has_one = dice.chance(shares.APPOINTMENTS, len(customer_ids))
    ids = customer_ids.filter(pl.Series(has_one, dtype=pl.Boolean))
    n = len(ids)
    booked = timeline.happenings(dice, n).clip(min=since[has_one])
    return pl.DataFrame(
        {
            "customer_id": ids,
            "service": dice.kinds(SERVICES, n),
            "status": dice.kinds(STATUS, n),
            "is_test": pl.Series(dice.chance(shares.TEST_ORDER, n), dtype=pl.Boolean),
            "booked_at": pl.Series(booked, dtype=pl.Int64).cast(MOMENT),
            "starts_at": pl.Series(booked + dice.whole(1, 20, n) * DAY, dtype=pl.Int64).cast(MOMENT),
            "updated_at": pl.Series(timeline.committed(dice, booked), dtype=pl.Int64).cast(MOMENT),
        }
    ).select(pl.col("customer_id").str.replace("C-", "A-", literal=True).alias("appointment_id"), pl.all())
