"""Ten thousand rows of a made-up shop in which everything is wrong somewhere: what the verdicts are tried on.

Nothing is real: example.com, reserved phone and address ranges. The same seed gives the same rows.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
from dbt_home import TABLES, DbtHome

Row = dict[str, Any]
T = TypeVar("T")

_COUNTRIES: Final = ("us", "USA", "Deutschland", "FR", "United Kingdom", "jp", "BR", "ch", "Atlantis", None)
_STATES: Final = ("California", "TX", "Florida", "Ohio", "ny", "Bayern", None)
_MILLISECONDS: Final = "58857-01-06 14:24:00+00"  # what comes out where milliseconds are read as seconds
_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"


@dataclass
class Shop:
    """The rows by table, and the dice that made them."""

    now: datetime
    dice: random.Random
    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in TABLES})

    def one_of(self, *shares: tuple[float, T]) -> T:
        """A value by its share of 100; the first takes what the others leave."""
        rest = 100 - sum(share for share, _ in shares[1:])
        [(_, value)] = self.dice.choices(shares, weights=[rest, *(share for share, _ in shares[1:])])
        return value

    def moment(self) -> Any:
        """When something happened: mostly lately; or long ago, ahead of the clock, in milliseconds, never said."""

        def back(least: float, most: float) -> datetime:
            return self.now - timedelta(days=self.dice.uniform(least, most))

        return self.one_of(
            (0, back(0.01, 6.5)),
            (6, back(6.5, 7.5)),
            (6, back(8, 70)),
            (2, self.now + timedelta(seconds=self.dice.uniform(70, 90_000))),
            (1, _MILLISECONDS),
            (1, None),
        )

    def money(self) -> str | None:
        usual = f"{self.dice.randint(1, 90_000) / 100:.2f}"
        return self.one_of((0, usual), (5, None), (3, "0"), (3, f"-{usual}"), (2, "19.9999"), (1, "12345678901.5"))

    def currency(self) -> str | None:
        return self.one_of((0, "EUR"), (25, "USD"), (5, "jpy"), (3, "KWD"), (4, None), (3, "XYZ"), (1, "€"), (1, "XXX"))

    def add(self, table: str, **row: Any) -> None:
        """Adds a row, without the columns that this shop's table does not have."""
        self.rows[table].append({name: value for name, value in row.items() if name in TABLES[table]["columns"]})


def make_shop(seed: int, now: datetime, orders: int, leads: int, stages: int, subscriptions: int) -> Shop:
    """A shop with so many orders, website leads, leads in a CRM and subscription events, and who they belong to."""
    shop = Shop(now, random.Random(seed))  # noqa: S311
    for number in range(orders // 3):
        _add_person(shop, "customer", f"c{number}")
    for number in range(orders):
        key = f"o{number}" if number % 50 else f"order{number}@example.com"
        _add_order(shop, key, f"c{shop.dice.randrange(orders // 3)}")
    for number in range(leads):
        _add_lead(shop, f"l{number}", "newsletter", shop.moment())
    for number in range(stages):
        _add_stage(shop, number)
    for number in range(subscriptions):
        _add_subscription_event(shop, number, f"c{shop.dice.randrange(orders // 3)}")
    return shop


def land(home: DbtHome, shop: Shop) -> None:
    """Lands every table of the shop as one file each."""
    for table, rows in shop.rows.items():
        _land_many(home, table, rows)


def _add_person(shop: Shop, kind: str, key: str) -> Row:
    """Contact data of every quality, and what the person allowed."""
    country, state = shop.dice.choice(_COUNTRIES), shop.dice.choice(_STATES)
    full: Row = {
        "email": f"Person.{key}@Example.com",
        "phone": "+1 (202) 555-0142",
        "first_name": "Ana María",
        "last_name": "O'Neil",
        "gender": "Female",
        "birth_date": "1990-02-16",
        "city": "St. Louis",
        "state": state,
        "postal_code": "63101-1234",
        "country": country,
    }
    vague = {"city": "St. Louis", "state": state, "country": country, "gender": "female"}
    broken = {
        "email": "n/a",
        "phone": "123",
        "first_name": "---",
        "last_name": "unknown",
        "city": "10115",
        "country": country,
    }
    person = shop.one_of(
        (0, full),
        (10, {"email": f"{key}@example.com; other.{key}@example.com", "country": country}),
        (10, vague),
        (4, {"first_name": "Ana", "gender": "f"}),
        (3, {"birth_date": "1990-02-16"}),
        (4, broken),
        (3, {"email": "5d41402abc4b2a76b9719d911017c592"}),
        (3, {"email": "A1" * 32, "country": country}),
        (3, {}),
    )
    if kind == "customer":
        shop.add("customers", customer_id=key, **person)
    if shop.dice.random() < 0.85:
        decision = shop.one_of((0, "granted"), (6, "denied"), (4, "withdrawn"), (2, "maybe"))
        shop.add(
            "consents",
            consent_id=f"{kind}-{key}",
            subject_type=kind,
            subject_id=key,
            purpose="advertising",
            decision=decision,
            basis=shop.one_of((0, "opt_in"), (15, "opt_out"), (10, "legitimate_interest"), (10, None)),
            decided_at=shop.now - timedelta(days=shop.dice.choice((1, 90, 400))),
        )
    if shop.dice.random() < 0.05:
        shop.add(
            "consents",
            consent_id=f"{kind}-{key}-optimization",
            subject_type=kind,
            subject_id=key,
            purpose="optimization",
            decision="denied",
            decided_at=shop.now - timedelta(days=90),
        )
    return person


def _add_click(shop: Shop, **of: str) -> None:
    """What the browser told, true or not."""
    key = next(iter(of.values()))
    happened = shop.now - timedelta(days=shop.dice.uniform(0.1, 5))
    cookie = f"fb.1.{happened.timestamp() * 1000:.0f}"
    shop.add(
        "clicks",
        click_id=f"k-{key}",
        event_id=shop.one_of((0, None), (30, f"browser-{key}")),
        fbc=shop.one_of(
            (0, None),
            (20, f"{cookie}.AbC-dEf_1"),
            (5, f"{cookie}.AbC.AQIAAQMC"),
            (5, "fb.1.1795165200.AbC"),
            (5, "AbC"),
        ),
        fbp=shop.one_of((0, "fb.1.1795165200000.4242"), (20, None), (5, "fb.1.1795165200.4242"), (5, "4242")),
        fbclid=shop.one_of((0, None), (30, "IwAR0-abc_DEF"), (5, "a b?")),
        clicked_at=happened,
        client_ip_address=shop.one_of(
            (0, "203.0.113.9"),
            (20, "2001:db8::7"),
            (5, "10.0.0.7"),
            (5, "fe80::1"),
            (5, "203.0.113.999"),
            (5, ""),
            (5, None),
        ),
        client_user_agent=shop.one_of((0, _BROWSER), (10, None), (5, ""), (5, "  ")),
        page_url=shop.one_of(
            (0, "https://shop.example.com/thanks?mail=ana@example.com"),
            (15, None),
            (5, "shop.example.com"),
            (5, "HTTPS://shop.example.com"),
        ),
        referrer_url=shop.one_of(
            (0, None), (30, "https://www.example.com/search?q=shoes"), (5, "android-app://com.example")
        ),
        **of,
    )


def _add_order(shop: Shop, key: str, customer: str) -> None:
    channel = shop.one_of(
        (0, "web"), (20, "store"), (9, "phone"), (9, "email"), (9, "chat"), (4, "marketplace"), (1, None)
    )  # fmt: skip
    status = shop.one_of((0, "paid"), (3, "cancelled"), (3, "refunded"), (2, "duplicate"), (2, "pending"))
    happened = shop.moment()
    total = shop.money()
    shop.add(
        "orders",
        order_id=key,
        customer_id=shop.one_of((0, customer), (3, None), (2, "c-unknown")),
        channel=channel,
        brand=shop.one_of((0, "shop"), (15, "outlet")),
        status=status,
        is_test=shop.dice.random() < 0.02,
        currency=shop.currency(),
        total=total,
        net_revenue=shop.one_of((0, None), (40, "3.5"), (5, "-3.5")),
        predicted_ltv=shop.one_of((0, None), (10, "250"), (3, "-1")),
        customer_segment=shop.one_of(
            (0, None), (30, "new_customer_to_business"), (10, "customer_in_loyalty_program"), (3, "vip")
        ),
        refunded_amount=total if status == "refunded" else "0",
        ordered_at=happened,
        paid_at=None if status == "pending" else happened,
        cancelled_at=shop.now if status == "cancelled" else None,
    )
    for line in range(shop.one_of((0, 1), (30, 2), (10, 3), (12, 0))):
        shop.add(
            "order_lines",
            order_id=key,
            line_number=line + 1,
            product_id=shop.one_of((0, f"p{shop.dice.randrange(500)}"), (4, None), (2, ""), (2, 'p "quoted" \\ é')),
            quantity=shop.one_of((0, 1), (30, 3), (3, 0), (3, -1), (3, None)),
            unit_price=shop.money(),
        )
    if channel == "web" and shop.dice.random() < 0.85:
        _add_click(shop, order_id=key)


def _add_lead(shop: Shop, key: str, form: str, submitted_at: Any) -> None:
    person = _add_person(shop, "lead", key)
    person.pop("birth_date", None)
    person.pop("gender", None)
    shop.add(
        "leads",
        lead_id=key,
        form_name=form,
        status=shop.one_of((0, "new"), (3, "spam"), (3, "duplicate"), (3, None)),
        is_test=shop.dice.random() < 0.02,
        estimated_value=shop.money(),
        currency=shop.currency(),
        submitted_at=submitted_at,
        **person,
    )
    if form != "instant_form" and shop.dice.random() < 0.7:
        _add_click(shop, lead_id=key)


def _add_stage(shop: Shop, number: int) -> None:
    """A lead of the platform's own form, or a website lead that a CRM tells of too, and one stage of it."""
    key, submitted_at = f"s{number}", shop.now - timedelta(days=10)
    _add_lead(shop, key, shop.one_of((0, "instant_form"), (10, "newsletter")), submitted_at)
    for change in range(shop.one_of((0, 1), (20, 2))):
        shop.add(
            "lead_stages",
            change_id=f"{key}-{change}",
            lead_id=shop.one_of((0, key), (3, None), (2, "l-unknown")),
            meta_lead_id=shop.one_of((0, f"{10**15 + number}"), (8, None), (4, "17"), (3, "lead-1"), (2, "0" * 15)),
            crm_name=shop.one_of((0, "Example CRM"), (8, None), (3, "")),
            stage=shop.one_of(
                (0, "Marketing Qualified"),
                (20, "Converted"),
                (8, "Purchase"),
                (4, None),
                (3, "S" * 60),
                (3, "合格"),
                (2, " "),
            ),
            stage_value=shop.money(),
            currency=shop.currency(),
            is_test=shop.dice.random() < 0.02,
            changed_at=shop.one_of((0, shop.moment()), (4, submitted_at - timedelta(hours=1))),
        )


def _add_subscription_event(shop: Shop, number: int, customer: str) -> None:
    rare = ((10, "upgraded"), (10, "cancelled"), (3, "paused"), (1, None))
    kind = shop.one_of((0, "trial_started"), (25, "subscribed"), (20, "renewed"), *rare)
    subscription = f"sub{number // 2}"
    shop.add(
        "subscription_events",
        subscription_event_id=f"e{number}",
        subscription_id=shop.one_of((0, subscription), (3, None)),
        customer_id=shop.one_of((0, customer), (3, None)),
        event_type=kind,
        plan="yearly",
        occurrence=shop.one_of((0, number % 2 + 1), (3, None)),
        amount=shop.money(),
        currency=shop.currency(),
        predicted_ltv=shop.one_of((0, None), (20, "99.9"), (3, "-1")),
        is_test=shop.dice.random() < 0.02,
        occurred_at=shop.moment(),
    )
    if kind in ("trial_started", "subscribed") and shop.dice.random() < 0.7:
        _add_click(shop, subscription_id=subscription)


def _land_many(home: DbtHome, table: str, rows: Sequence[Row]) -> Path:
    """One landing file made from JSON: a statement per row would take longer than the build."""
    path = home.land(table)
    columns: Mapping[str, str] = TABLES[table]["columns"]
    text = home.root / f"{table}.json"
    updated_at = (home.now - timedelta(minutes=1)).isoformat()
    text.write_text(
        "".join(json.dumps({"updated_at": updated_at, **row}, default=str) + "\n" for row in rows) or "{}\n"
    )
    types = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'UTC'")
        db.execute(
            f"copy (select landed.*, ? as _run_id, ?::timestamptz as _extracted_at, null::timestamptz as _window_start,"
            f" ?::timestamptz as _window_end"
            f" from read_json('{text}', columns = {{{types}}}, format = 'newline_delimited')"
            f" as landed {'' if rows else 'where false'}) to '{path}' (format parquet, compression zstd)",
            [f"{path.stem}-0", home.now, home.now],
        )
    text.unlink()
    return path
