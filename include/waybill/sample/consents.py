"""Consents as a history: what customers and leads said about advertising and analytics, and when they said it."""

from typing import Final

import numpy as np
import polars as pl

from waybill.sample import places, shares
from waybill.sample.dice import Dice, Ints
from waybill.sample.timeline import MOMENT, SECOND, Timeline

_ASKED: Final = np.array([country.asks_consent for country in places.COUNTRIES])
_ROWS: Final = pl.DataFrame(
    {  # the rows of each history, one after the other; later ones come at any time before as_of
        "history": ["granted", "denied", "granted_withdrawn", "granted_withdrawn", "denied_granted", "denied_granted"],
        "decision": ["granted", "denied", "granted", "withdrawn", "denied", "granted"],
        "is_later": [False, False, False, True, False, True],
    }
)


def consents(dice: Dice, timeline: Timeline, first_number: int, subjects: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``subjects`` (subject_type, subject_id, country: position, since: µs they have been known)."""
    n = len(subjects)
    asked = _ASKED[subjects["country"].to_numpy()] if n else np.empty(0, dtype=bool)
    histories = pl.DataFrame(
        {
            "asked": asked,
            "where_asked": dice.kinds(shares.CONSENT_WHERE_ASKED, n),
            "elsewhere": dice.kinds(shares.CONSENT_ELSEWHERE, n),
            "analytics": dice.chance(shares.ANALYTICS_TOO, n),
            "first": subjects["since"].to_numpy() + (dice.waiting(2, n) * SECOND).astype(np.int64),
        }
    ).with_columns(pl.when("asked").then(pl.col("where_asked")).otherwise(pl.col("elsewhere")).alias("history"))
    people = pl.concat([subjects.select("subject_type", "subject_id"), histories], how="horizontal")
    advertising = people.join(_ROWS, on="history", how="inner", maintain_order="left_right").with_columns(
        pl.lit("advertising").alias("purpose")
    )
    analytics = people.filter(
        pl.col("analytics") & (pl.col("history") != "none") | (pl.col("history") == "analytics_only")
    )
    analytics = analytics.with_columns(
        pl.lit("granted").alias("decision"), pl.lit(False).alias("is_later"), pl.lit("analytics").alias("purpose")
    )
    rows = pl.concat([advertising, analytics])
    first = np.minimum(rows["first"].to_numpy(), timeline.as_of)
    decided = np.where(rows["is_later"].to_numpy(), timeline.between(dice, first), first)
    return consent_rows(dice, timeline, first_number, rows, decided)


def consent_rows(dice: Dice, timeline: Timeline, first_number: int, rows: pl.DataFrame, decided: Ints) -> pl.DataFrame:
    """The columns of the table, from subject_type, subject_id, purpose and decision, and the moments of deciding."""
    numbers = pl.Series(np.arange(first_number, first_number + len(rows), dtype=np.int64)).cast(pl.String)
    basis = dice.kinds(shares.CONSENT_BASIS, len(rows))
    return rows.select(
        pl.concat_str(pl.lit("N-"), numbers).alias("consent_id"), "subject_type", "subject_id", "purpose", "decision",
        basis.replace({"missing": None}).alias("basis"),
        pl.Series("decided_at", decided, dtype=pl.Int64).cast(MOMENT),
        pl.Series("updated_at", timeline.committed(dice, decided), dtype=pl.Int64).cast(MOMENT),
    )  # fmt: skip
