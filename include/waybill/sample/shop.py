"""The rows that a slice adds to the shop: customers, orders, lines, clicks, consents and leads that fit together."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from waybill.sample import shares
from waybill.sample.appointments import appointments
from waybill.sample.consents import consents
from waybill.sample.crm import lead_stages
from waybill.sample.dice import Dice, Ints
from waybill.sample.leads import leads
from waybill.sample.orders import orders
from waybill.sample.people import CONTACT, contacts, countries_of
from waybill.sample.subscriptions import subscription_events
from waybill.sample.timeline import DAY, HOUR, MOMENT, SECOND, Timeline
from waybill.sample.web import clicks, visits

Tables = dict[str, pl.DataFrame]
KEYS: Final = {
    "customers": ("customer_id",),
    "orders": ("order_id",),
    "order_lines": ("order_id", "line_number"),
    "clicks": ("click_id",),
    "consents": ("consent_id",),
    "leads": ("lead_id",),
    "lead_stages": ("change_id",),
    "subscription_events": ("subscription_event_id",),
    "appointments": ("appointment_id",),
}


@dataclass(frozen=True)
class Numbers:
    """How many ids of each kind are given away before this slice; ids go on from there."""

    orders: int = 0
    leads: int = 0
    customers: int = 0
    clicks: int = 0
    consents: int = 0


def new_rows(seed: int, slice_number: int, timeline: Timeline, n_orders: int, n_leads: int, used: Numbers) -> Tables:
    """The tables of one slice, with keys as in KEYS; the same arguments give the same rows."""

    def dice(part: int) -> Dice:
        return Dice(seed, slice_number, part)

    n_customers = max(1, round(n_orders * shares.CUSTOMERS_PER_ORDER)) if n_orders else 0
    country = countries_of(dice(1), n_customers)
    ids = _ids("C-", 30_001 + used.customers, n_customers)
    buyer = dice(2).whole(0, max(n_customers - 1, 0), n_orders)
    bought, lines = orders(dice(3), timeline, 100_001 + used.orders, buyer, ids, country)
    since = _known_since(dice(4), timeline, n_customers, buyer, bought)
    lead_country = countries_of(dice(5), n_leads)
    asked = leads(dice(6), timeline, 20_001 + used.leads, lead_country)
    subjects = pl.concat([_subjects("customer", ids, country, since), _lead_subjects(asked, lead_country)])
    subscribed = subscription_events(dice(11), timeline, ids, country, since)
    visited = pl.concat([_visits(dice(7), bought, asked), _starts(dice(12), subscribed)])
    clicked = clicks(dice(8), timeline, 50_001 + used.clicks, visited)
    told = consents(dice(10), timeline, 70_001 + used.consents, subjects)
    return {
        "customers": _customers(dice(9), timeline, ids, country, since),
        "orders": bought,
        "order_lines": lines.select("order_id", "line_number", "product_id", "quantity", "unit_price", "updated_at"),
        "clicks": _one_id_twice(clicked, bought, told, timeline),
        "consents": told,
        "leads": asked,
        "lead_stages": lead_stages(dice(13), timeline, asked, lead_country),
        "subscription_events": subscribed,
        "appointments": appointments(dice(14), timeline, ids, since),
    }


def _ids(prefix: str, first: int, n: int) -> pl.Series:
    numbers = pl.Series("id", np.arange(first, first + n, dtype=np.int64)).cast(pl.String)
    return pl.select(pl.concat_str(pl.lit(prefix), numbers)).to_series()


def _known_since(dice: Dice, timeline: Timeline, n: int, buyer: Ints, bought: pl.DataFrame) -> Ints:
    """When each customer was created: before the first order; without any order, at any time."""
    first = np.full(n, timeline.as_of - DAY, dtype=np.int64)
    np.minimum.at(first, buyer, bought["ordered_at"].cast(pl.Int64).to_numpy())
    is_new = dice.chance(1.0 if timeline.is_later else shares.NEW_CUSTOMERS, n)
    before = np.where(is_new, 60 * SECOND + dice.unit(n) * 0.9 * HOUR, dice.unit(n) * 400 * DAY)
    return first - before.astype(np.int64)


def _customers(dice: Dice, timeline: Timeline, ids: pl.Series, country: Ints, since: Ints) -> pl.DataFrame:
    n = len(ids)
    changed = np.where(dice.chance(shares.PROFILE_CHANGED, n), timeline.between(dice, since), since)
    return contacts(dice, country).select(
        ids.alias("customer_id"), *CONTACT,
        pl.Series("created_at", since, dtype=pl.Int64).cast(MOMENT),
        pl.Series("updated_at", timeline.committed(dice, changed), dtype=pl.Int64).cast(MOMENT),
    )  # fmt: skip


def _subjects(kind: str, ids: pl.Series, country: Ints, since: Ints) -> pl.DataFrame:
    return pl.DataFrame({"subject_id": ids, "country": country, "since": since}).select(
        pl.lit(kind).alias("subject_type"),
        pl.col("subject_id"),
        pl.col("country").cast(pl.Int64),
        pl.col("since").cast(pl.Int64),
    )


def _lead_subjects(asked: pl.DataFrame, country: Ints) -> pl.DataFrame:
    """Leads tick the box just before they send the form."""
    since = asked["submitted_at"].cast(pl.Int64).to_numpy() - 20 * SECOND
    return _subjects("lead", asked["lead_id"], country, since)


def _visits(dice: Dice, bought: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The web orders and leads that have a click row."""
    on_web = bought.filter(
        (pl.col("channel") == "web") & pl.Series(dice.chance(shares.CLICKED_ORDER, len(bought)), dtype=pl.Boolean)
    )
    of_leads = asked.filter(
        (pl.col("form_name") != "instant_form")
        & pl.Series(dice.chance(shares.CLICKED_LEAD, len(asked)), dtype=pl.Boolean)
    )
    return pl.concat(
        [
            visits("order_id", on_web["order_id"], "purchase", on_web["ordered_at"]),
            visits("lead_id", of_leads["lead_id"], "lead", of_leads["submitted_at"]),
        ]
    )


def _starts(dice: Dice, subscribed: pl.DataFrame) -> pl.DataFrame:
    """The trials and first payments that have a click row."""
    prefixes = {"trial_started": "trial", "subscribed": "subscribe"}
    starts = subscribed.filter(pl.col("event_type").is_in(list(prefixes)))
    starts = starts.filter(pl.Series(dice.chance(shares.CLICKED_START, len(starts)), dtype=pl.Boolean))
    prefix = starts["event_type"].replace_strict(prefixes, return_dtype=pl.String)
    return visits("subscription_id", starts["subscription_id"], prefix, starts["occurred_at"])


def _one_id_twice(clicked: pl.DataFrame, bought: pl.DataFrame, told: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """Lets two recent orders that may be sent carry one captured event_id: a thank-you page that came from a cache."""
    recent = pl.lit(timeline.as_of - 40 * HOUR).cast(MOMENT)
    agreed = (pl.col("decision") == "granted") & (pl.col("basis") == "opt_in")
    granted = told.filter((pl.col("purpose") == "advertising") & agreed)
    changed = told.filter(pl.col("decision") != "granted")
    willing = granted.join(changed, on="subject_id", how="anti")["subject_id"].implode()
    good = bought.filter(
        (pl.col("status") == "paid") & (pl.col("channel") == "web") & ~pl.col("is_test"),
        pl.col("customer_id").is_in(willing),
        pl.col("ordered_at") > recent,
        pl.col("currency").str.contains("^[A-Z]{3}$") & (pl.col("total") > 0),
    )
    pair = clicked.filter(pl.col("event_id").is_not_null() & pl.col("order_id").is_in(good["order_id"].implode())).head(
        2
    )
    if len(pair) < 2:
        return clicked
    return clicked.with_columns(
        pl.when(pl.col("click_id") == pair["click_id"][1])
        .then(pl.lit(pair["event_id"][0]))
        .otherwise("event_id")
        .alias("event_id")
    )
