"""The shop's rows: the same for the same call, consistent with each other, with every kind of mess that is promised."""

import ipaddress
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from waybill.sample.shop import KEYS, Numbers, Tables, new_rows
from waybill.sample.timeline import Timeline, micros

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = AS_OF - timedelta(days=6)
TIMELINE = Timeline(micros(AS_OF), micros(START))


def shop(orders: int, leads: int, seed: int = 7) -> Tables:
    return new_rows(seed, 0, TIMELINE, orders, leads, Numbers())


@pytest.fixture(scope="module")
def tables() -> Tables:
    return shop(12_000, 4_000)


def test_the_same_call_gives_the_same_rows_and_another_seed_others() -> None:
    once, twice, other = shop(300, 100), shop(300, 100), shop(300, 100, seed=8)
    for name in KEYS:
        assert_frame_equal(once[name], twice[name])
    assert not once["orders"].equals(other["orders"])


@pytest.mark.parametrize(("orders", "leads"), [(0, 0), (0, 5), (1, 0), (3, 1)])
def test_tiny_shops_are_shops_too(orders: int, leads: int) -> None:
    tables = shop(orders, leads)
    assert len(tables["orders"]) == orders
    assert len(tables["leads"]) == leads


def test_keys_are_unique_and_never_null(tables: Tables) -> None:
    for name, key in KEYS.items():
        assert tables[name].select(pl.struct(key).is_unique().all()).item(), name
        assert tables[name].select(key).null_count().row(0) == (0,) * len(key), name


def test_every_reference_leads_somewhere(tables: Tables) -> None:
    orders, clicks, consents = tables["orders"], tables["clicks"], tables["consents"]
    assert set(orders["customer_id"].drop_nulls()) <= set(tables["customers"]["customer_id"])
    assert set(tables["order_lines"]["order_id"]) <= set(orders["order_id"])
    assert set(clicks["order_id"].drop_nulls()) <= set(orders.filter(pl.col("channel") == "web")["order_id"])
    assert set(clicks["lead_id"].drop_nulls()) <= set(tables["leads"]["lead_id"])
    subscriptions = set(tables["subscription_events"]["subscription_id"])
    assert set(clicks["subscription_id"].drop_nulls()) <= subscriptions
    named = pl.sum_horizontal(pl.col("order_id", "lead_id", "subscription_id").is_not_null())
    assert clicks.filter(named != 1).is_empty()
    forms = set(tables["leads"].filter(pl.col("form_name") == "instant_form")["lead_id"])
    assert set(tables["lead_stages"]["lead_id"]) == forms
    assert not forms & set(clicks["lead_id"].drop_nulls())
    for kind, table, key in (("customer", "customers", "customer_id"), ("lead", "leads", "lead_id")):
        assert set(consents.filter(pl.col("subject_type") == kind)["subject_id"]) <= set(tables[table][key])


def test_totals_are_the_sum_of_the_lines(tables: Tables) -> None:
    sums = (
        tables["order_lines"].group_by("order_id").agg((pl.col("quantity") * pl.col("unit_price")).sum().alias("sum"))
    )
    joined = tables["orders"].join(sums, on="order_id")
    assert len(joined) > 11_000
    assert joined.filter(pl.col("total") != pl.col("sum")).is_empty()


def test_nothing_happens_or_is_committed_after_as_of_nor_before_it_began(tables: Tables) -> None:
    for name, frame in tables.items():
        for column, kind in frame.schema.items():
            if kind == pl.Datetime("us", "UTC") and column != "starts_at":  # an appointment lies ahead
                assert (frame[column].max() or AS_OF) <= AS_OF, (name, column)
    orders = tables["orders"]
    for later in ("paid_at", "cancelled_at", "refunded_at", "updated_at"):
        assert orders.filter(pl.col(later) < pl.col("ordered_at")).is_empty(), later
    customers = orders.join(tables["customers"], on="customer_id")
    assert customers.filter(pl.col("created_at") > pl.col("ordered_at")).is_empty()


def test_states_and_moments_of_an_order_agree(tables: Tables) -> None:
    orders, status = tables["orders"], pl.col("status")
    is_paid = pl.col("paid_at").is_not_null()
    wrong = orders.filter(
        ((status == "pending") & is_paid)
        | (status.is_in(["paid", "fulfilled", "refunded", "partially_refunded"]) & ~is_paid)
        | ((status == "cancelled") != pl.col("cancelled_at").is_not_null())
        | ((pl.col("refunded_amount") != 0) & pl.col("refunded_at").is_null())
    )
    assert wrong.is_empty()


def _orders(condition: pl.Expr) -> Callable[[Tables], int]:
    return lambda tables: len(tables["orders"].filter(condition))


def _customers(condition: pl.Expr) -> Callable[[Tables], int]:
    return lambda tables: len(tables["customers"].filter(condition))


def _clicks(condition: pl.Expr) -> Callable[[Tables], int]:
    return lambda tables: len(tables["clicks"].filter(condition))


def _is_nfd(name: str) -> bool:
    return unicodedata.normalize("NFC", name) != name


status, phone, email = pl.col("status"), pl.col("phone"), pl.col("email")
MESS: dict[str, Callable[[Tables], int]] = {
    "test order": _orders(pl.col("is_test")),
    "pending": _orders(status == "pending"),
    "cancelled before payment": _orders((status == "cancelled") & pl.col("paid_at").is_null()),
    "cancelled after payment": _orders((status == "cancelled") & pl.col("paid_at").is_not_null()),
    "refunded": _orders((status == "refunded") & (pl.col("refunded_amount") == pl.col("total"))),
    "refunded in part": _orders((status == "partially_refunded") & (pl.col("refunded_amount") < pl.col("total"))),
    "store order": _orders(pl.col("channel") == "store"),
    "phone order": _orders(pl.col("channel") == "phone"),
    "guest": _orders(pl.col("customer_id").is_null()),
    "id with letters and dashes": _orders(pl.col("order_id").str.contains("-")),
    "id with a slash": _orders(pl.col("order_id").str.contains("/")),
    "no currency": _orders(pl.col("currency").is_null()),
    "unknown currency": _orders(pl.col("currency").is_in(["ZZZ", "EURO", "$"])),
    "zero total": _orders(pl.col("total") == 0),
    "negative total": _orders(pl.col("total") < 0),
    "before start_at": _orders(pl.col("ordered_at") < START),
    "older than 7 days": _orders(pl.col("ordered_at") < AS_OF - timedelta(days=7)),
    "store order older than a month": _orders(pl.col("ordered_at") < AS_OF - timedelta(days=31)),
    "committed an hour late": _orders(
        (status == "paid") & (pl.col("updated_at") > pl.col("paid_at") + timedelta(hours=1))
    ),
    "committed within the hour": _orders(pl.col("ordered_at") > AS_OF - timedelta(hours=1)),
    "telephone with an extension": _customers(phone.str.contains(" ext| x12")),
    "telephone with dots": _customers(phone.str.contains(r"\d\.\d")),
    "telephone with 00": _customers(phone.str.starts_with("00")),
    "telephone with +44": _customers(phone.str.starts_with("+44")),
    "telephone with (650)": _customers(phone.str.starts_with("(650)")),
    "junk telephone": _customers(phone.is_in(["n/a", "0000000000"])),
    "no telephone": _customers(phone.is_null()),
    "e-mail in upper case": _customers(email.str.contains("[A-Z].*@EXAMPLE|[A-Z].*@Example")),
    "e-mail with spaces": _customers(email.str.contains("^ .* $")),
    "invalid e-mail": _customers(email.str.contains("@@|@$| at ")),
    "placeholder e-mail": _customers(email.is_in(["n/a", "none", "null"])),
    "empty e-mail": _customers(email == ""),
    "hashed e-mail": _customers(email.str.contains("^[0-9a-f]{64}$")),
    "no e-mail": _customers(email.is_null()),
    "curly apostrophe": _customers(pl.col("last_name").str.contains("’")),
    "name in kanji": _customers(pl.col("last_name").str.contains(r"\p{Han}")),
    "name in hangul": _customers(pl.col("last_name").str.contains(r"\p{Hangul}")),
    "name in NFD": lambda tables: sum(map(_is_nfd, tables["customers"]["first_name"].drop_nulls())),
    "no country": _customers(pl.col("country").is_null()),
    "country spelled out": _customers(pl.col("country") == "Deutschland"),
    "browser id by the rule": _clicks(pl.col("event_id") == "purchase_" + pl.col("order_id")),
    "lead id by the rule": _clicks(pl.col("event_id") == "lead_" + pl.col("lead_id")),
    "own browser id": _clicks(pl.col("event_id").str.contains("^[0-9a-f]{8}-")),
    "click without captured id": _clicks(pl.col("event_id").is_null()),
    "fbclid without fbc": _clicks(pl.col("fbclid").is_not_null() & pl.col("fbc").is_null()),
    "no user agent": _clicks(pl.col("client_user_agent").is_null()),
    "IPv6": _clicks(pl.col("client_ip_address").str.contains(":")),
    "private address": _clicks(pl.col("client_ip_address").str.starts_with("10.")),
    "e-mail in the page's query": _clicks(pl.col("page_url").str.contains("email=")),
    "second click of an order": lambda tables: int(tables["clicks"]["order_id"].drop_nulls().is_duplicated().sum()),
    "web order without click": lambda tables: len(
        tables["orders"].filter(pl.col("channel") == "web").join(tables["clicks"], on="order_id", how="anti")
    ),
    "store order without lines": lambda tables: len(
        tables["orders"].filter(pl.col("channel") == "store").join(tables["order_lines"], on="order_id", how="anti")
    ),
    "store order with four lines": lambda tables: len(tables["order_lines"].filter(pl.col("line_number") == 4)),
    "four decimals": lambda tables: len(tables["order_lines"].filter((pl.col("unit_price") * 100) % 1 != 0)),
    "withdrawn consent": lambda tables: len(tables["consents"].filter(pl.col("decision") == "withdrawn")),
    "denied consent": lambda tables: len(tables["consents"].filter(pl.col("decision") == "denied")),
    "consent by not objecting": lambda tables: len(tables["consents"].filter(pl.col("basis") == "opt_out")),
    "legitimate interest": lambda tables: len(tables["consents"].filter(pl.col("basis") == "legitimate_interest")),
    "consent of unknown basis": lambda tables: tables["consents"]["basis"].null_count(),
    "analytics only": lambda tables: len(
        tables["consents"]
        .filter(pl.col("purpose") == "analytics")
        .join(tables["consents"].filter(pl.col("purpose") == "advertising"), on="subject_id", how="anti")
    ),
    "no consent": lambda tables: len(
        tables["customers"].join(tables["consents"], left_on="customer_id", right_on="subject_id", how="anti")
    ),
    "test lead": lambda tables: int(tables["leads"]["is_test"].sum()),
    "lead without value": lambda tables: tables["leads"]["estimated_value"].null_count(),
}


@pytest.mark.parametrize("kind", MESS)
def test_the_promised_mess_is_there(tables: Tables, kind: str) -> None:
    assert MESS[kind](tables) > 0


def test_two_orders_that_may_be_sent_carry_one_captured_id(tables: Tables) -> None:
    shared = tables["clicks"].filter(pl.col("event_id").is_not_null() & pl.col("event_id").is_duplicated())
    assert shared["order_id"].n_unique() == 2
    orders = tables["orders"].join(shared, on="order_id", how="semi")
    assert set(orders["status"]) == {"paid"}
    assert orders["ordered_at"].min() > AS_OF - timedelta(hours=46)


def test_addresses_are_public_but_for_the_few_private_ones(tables: Tables) -> None:
    addresses = [ipaddress.ip_address(text) for text in tables["clicks"]["client_ip_address"].drop_nulls()]
    private = sum(not address.is_global for address in addresses)
    assert 0 < private < len(addresses) / 50


def test_contact_data_is_made_up(tables: Tables) -> None:
    for frame in (tables["customers"], tables["leads"]):
        with_domain = frame["email"].drop_nulls().str.to_lowercase().str.extract(r"@([a-z.]+)\s*$").drop_nulls()
        assert set(with_domain) <= {"example.com", "example.org", "example.net", "example"}
        american = frame.filter(pl.col("country").is_in(["US", "us", "USA", "United States"]))["phone"]
        american = american.drop_nulls().str.normalize("NFKC")
        assert american.filter(american.str.contains(r"\d{2}$")).str.contains(r"555.?01\d\d|^0+$|123|999|x12|ext").all()


def test_most_events_are_recent_and_many_countries_buy(tables: Tables) -> None:
    orders = tables["orders"]
    assert orders.filter(pl.col("ordered_at") > AS_OF - timedelta(days=6)).height > 0.95 * orders.height
    assert orders.filter(pl.col("ordered_at") > AS_OF - timedelta(hours=24)).height > 0.3 * orders.height
    assert orders["ordered_at"].max() > AS_OF - timedelta(minutes=30)
    assert tables["customers"]["country"].str.to_uppercase().n_unique() >= 26
    assert {"USD", "EUR", "GBP", "JPY", "BRL"} <= set(orders["currency"])


def test_leads_of_instant_forms_go_from_stage_to_stage(tables: Tables) -> None:
    stages = tables["lead_stages"].sort("lead_id", "changed_at")
    before = pl.col("stage").shift(1).over("lead_id")
    assert stages.filter(pl.col("stage") == before).height > 10  # saved again
    back = stages.filter((pl.col("stage") == "Marketing Qualified") & (before == "Sales Opportunity"))
    assert back.height > 3
    with_lead = stages.join(tables["leads"], on="lead_id")
    assert 0 < with_lead.filter(pl.col("changed_at") < pl.col("submitted_at")).height < 0.05 * len(stages)
    well_formed = stages["meta_lead_id"].str.contains("^[1-9][0-9]{14,16}$")
    assert 0.85 < well_formed.fill_null(value=False).mean() < 1


def test_subscriptions_tell_a_whole_life(tables: Tables) -> None:
    events = tables["subscription_events"]
    assert set(events["event_type"]) == {"trial_started", "subscribed", "renewed", "upgraded", "cancelled"}
    known = events.group_by("subscription_id", "event_type").agg(pl.col("occurrence").max(), pl.len())
    assert known.filter(pl.col("occurrence") != pl.col("len")).is_empty()
    first = events.filter(pl.col("event_type") == "subscribed").select("subscription_id", start="occurred_at")
    later = events.filter(pl.col("event_type") == "renewed").join(first, on="subscription_id")
    assert later.height > 100
    assert later.filter(pl.col("occurred_at") <= pl.col("start")).is_empty()
