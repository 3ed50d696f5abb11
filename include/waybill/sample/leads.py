"""Leads: forms filled in on the web, with the contact data that people type into forms."""

from typing import Final

import numpy as np
import polars as pl

from waybill.sample import places, shares
from waybill.sample.dice import Dice, Ints, take
from waybill.sample.orders import money
from waybill.sample.people import contacts
from waybill.sample.timeline import MOMENT, Timeline

FORMS: Final = {"quote_request": 0.4, "demo_request": 0.2, "contact": 0.15, "newsletter": 0.10, "instant_form": 0.15}


def leads(dice: Dice, timeline: Timeline, first_number: int, country: Ints) -> pl.DataFrame:
    """One lead per entry of ``country``."""
    n = len(country)
    submitted = timeline.happenings(dice, n)
    touched = np.where(dice.chance(0.9, n), submitted, timeline.between(dice, submitted))  # a tenth was worked on since
    per_dollar = np.array([max(1, round(c.per_dollar)) for c in places.COUNTRIES], dtype=np.int64)[country]
    value = np.where(dice.chance(shares.LEAD_VALUE, n), dice.whole(1, 90, n) * 50 * 10_000 * per_dollar, -1)
    person = contacts(dice, country).drop("gender", "birth_date")
    frame = person.with_columns(
        lead_id=pl.concat_str(pl.lit("L-"), pl.Series(np.arange(first_number, first_number + n)).cast(pl.String)),
        form_name=dice.kinds(FORMS, n),
        status=dice.kinds(shares.LEAD_STATUS, n),
        is_test=pl.Series(dice.chance(shares.TEST_LEAD, n)),
        amount=pl.Series(value, dtype=pl.Int64),
        own_currency=take([c.currency for c in places.COUNTRIES], country),
        submitted_at=pl.Series(submitted, dtype=pl.Int64).cast(MOMENT),
        updated_at=pl.Series(timeline.committed(dice, touched), dtype=pl.Int64).cast(MOMENT),
    )
    has_value = pl.col("amount") >= 0
    return frame.with_columns(
        pl.when(has_value).then(pl.col("amount")).alias("estimated_value"),
        pl.when(has_value).then(pl.col("own_currency")).alias("currency"),
    ).select(
        "lead_id", "form_name", "status", "is_test", "email", "phone", "first_name", "last_name", "city", "state",
        "postal_code", "country", money("estimated_value"), "currency", "submitted_at", "updated_at",
    )  # fmt: skip
