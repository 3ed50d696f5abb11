"""The CRM: how the leads of the platform's own instant forms go from stage to stage, and back, and are saved twice."""

from typing import Final

import numpy as np
import polars as pl

from waybill.sample import places, shares
from waybill.sample.dice import Dice, Ints, spread, take
from waybill.sample.orders import money
from waybill.sample.timeline import HOUR, MOMENT, SECOND, Timeline

CRM: Final = "Example CRM"
WAYS: Final = (  # what a lead may go through; it stands somewhere on the way
    ("Initial Lead", "Marketing Qualified", "Sales Opportunity", "Converted", "Converted", "Converted"),
    (
        "Initial Lead",
        "Marketing Qualified",
        "Sales Opportunity",
        "Marketing Qualified",
        "Sales Opportunity",
        "Converted",
    ),
    ("Initial Lead", "Initial Lead", "Marketing Qualified", "Marketing Qualified", "Sales Opportunity", "Converted"),
)
_WHOLE_PER_DOLLAR: Final = {currency: max(1, round(rate)) for currency, rate in places.PER_DOLLAR.items()}
COLUMNS: Final = (
    "change_id", "lead_id", "meta_lead_id", "crm_name", "stage", "stage_value", "currency", "is_test", "changed_at",
    "updated_at",
)  # fmt: skip


def lead_stages(dice: Dice, timeline: Timeline, asked: pl.DataFrame, country: Ints) -> pl.DataFrame:
    """The changes of stage of those rows of ``asked`` (leads) that came by an instant form, one row each."""
    is_form = (asked["form_name"] == "instant_form").to_numpy()
    forms, country = asked.filter(pl.Series(is_form, dtype=pl.Boolean)), country[is_form]
    n = len(forms)
    counts = dice.index(shares.STAGES, n) + 1
    way = dice.whole(0, len(WAYS) - 1, n)
    parent, number = spread(counts)
    submitted = forms["submitted_at"].cast(pl.Int64).to_numpy()
    stage = np.array(WAYS, dtype=object)[way[parent], number - 1] if n else np.empty(0, dtype=object)
    frame = pl.DataFrame(
        {
            "lead_id": forms["lead_id"].gather(parent),
            "number": number,
            "meta_lead_id": meta_lead_ids(dice, n).gather(parent),
            "stage": pl.Series(stage.tolist(), dtype=pl.String),
            "is_test": pl.Series(dice.chance(shares.TEST_LEAD, n), dtype=pl.Boolean).gather(parent),
            "amount": dice.whole(1, 90, len(parent)) * 100 * 10_000,
            "currency": take([c.currency for c in places.COUNTRIES], country).gather(parent),
            "changed": _moments(dice, timeline, submitted[parent], number, counts[parent]),
        }
    )
    return changes(dice, timeline, frame)


def changes(dice: Dice, timeline: Timeline, frame: pl.DataFrame) -> pl.DataFrame:
    """The table's columns, from lead_id, number, meta_lead_id, stage, is_test, amount (ten-thousandths of about a
    dollar), currency and changed (µs)."""
    won = pl.col("stage") == "Converted"
    per_dollar = pl.col("currency").replace_strict(_WHOLE_PER_DOLLAR, return_dtype=pl.Int64)
    return frame.with_columns(
        change_id=pl.concat_str("lead_id", pl.lit("-"), pl.col("number").cast(pl.String)),
        crm_name=pl.lit(CRM),
        stage_value=pl.when(won).then(pl.col("amount") * per_dollar),
        currency=pl.when(won).then(pl.col("currency")),
        changed_at=pl.col("changed").cast(MOMENT),
        updated_at=pl.Series(timeline.committed(dice, frame["changed"].to_numpy()), dtype=pl.Int64).cast(MOMENT),
    ).select(
        *(money(name) if name == "stage_value" else pl.col(name) for name in COLUMNS),
    )


def meta_lead_ids(dice: Dice, n: int) -> pl.Series:
    """The platform's ids of leads, 15 to 17 digits; a few are missing, or carry the letter of an export's prefix."""
    frame = pl.DataFrame(
        {"digits": dice.digits(16, n), "length": dice.whole(14, 16, n), "luck": pl.Series(dice.unit(n))}
    )
    whole = pl.concat_str(pl.lit("7"), pl.col("digits").str.slice(0, pl.col("length")))
    return frame.select(
        pl.when(pl.col("luck") < shares.NO_META_LEAD_ID).then(None)
        .when(pl.col("luck") > 1 - shares.PREFIXED_META_LEAD_ID).then(pl.concat_str(pl.lit("l:"), whole))
        .otherwise(whole)
        .alias("meta_lead_id")
    ).to_series()  # fmt: skip


def _moments(dice: Dice, timeline: Timeline, submitted: Ints, number: Ints, count: Ints) -> Ints:
    """The first change seconds after the lead, the others on their way to as_of; a few from before the lead."""
    n = len(submitted)
    first = np.minimum(submitted + (dice.waiting(20, n) * SECOND).astype(np.int64), timeline.as_of)
    first = np.where(dice.chance(shares.STAGE_BEFORE_LEAD, n), submitted - HOUR, first)
    share = (number - 1 + dice.unit(n) * 0.9) / count
    return np.where(
        number == 1, first, submitted + 60 * SECOND + ((timeline.as_of - submitted) * share * 0.95).astype(np.int64)
    ).clip(max=timeline.as_of)
