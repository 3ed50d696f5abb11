"""The story of one small shop: what lands, what goes wrong, what changes, and what the marts held after each step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dbt_home import DbtHome

CONTACT = {
    "email": "Jane.Planted+shop@Example.com",
    "phone": "+1 (650) 555-0142",
    "first_name": "Plantedjane",
    "last_name": "O'Planted-Doe",
    "city": "Plantedville",
    "postal_code": "94035-4242",
    "birth_date": "1997-02-16",
}
"""Planted contact data: not one of these may be found in a table, an artifact or a log."""

Tables = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Story:
    """The home at its end, and what its marts held after each step."""

    home: DbtHome
    complete_build: str
    after_first: Tables
    after_failure: Tables
    after_redo: Tables
    after_changes: Tables
    after_full_refresh: Tables
    files_corrupted: int


def tell(root: Path) -> Story:
    """First landing; a build that fails in the middle and is redone; changes, old files unreadable; all anew."""
    home = DbtHome(root)
    _land_first(home)
    complete_build = home.build("--exclude", "tag:delivery").stdout
    after_first = _tables(home)

    damaged = _land_late_rows(home)
    good = damaged.read_bytes()
    damaged.write_bytes(b"not a Parquet file")
    assert home.build(check=False).returncode != 0
    after_failure = _tables(home)
    damaged.write_bytes(good)
    home.build()
    after_redo = _tables(home)

    seen = _all_but_first_files(home)
    _land_changes(home)
    kept = {path: path.read_bytes() for path in seen}
    for path in seen:
        path.write_bytes(b"read me and the build fails")
    home.build()
    after_changes = _tables(home)
    for path, content in kept.items():
        path.write_bytes(content)

    home.build(full_refresh=True)
    return Story(home, complete_build, after_first, after_failure, after_redo, after_changes, _tables(home), len(seen))


def _land_first(home: DbtHome) -> None:
    happened = home.now - timedelta(hours=3)
    person: dict[str, Any] = {**CONTACT, "gender": "Female", "state": "California", "country": "USA"}
    home.land(
        "customers",
        [
            {"customer_id": "c-us", **person},
            {"customer_id": "c-de", **person, "country": "Deutschland"},
            {"customer_id": "c-later", **person, "country": "France"},
        ],
    )
    paid = {"status": "paid", "currency": "EUR", "total": "20", "is_test": False, "refunded_amount": "0"}
    when = {"ordered_at": happened, "paid_at": happened, "updated_at": happened}
    home.land(
        "orders",
        [
            {"order_id": "o-us", "customer_id": "c-us", "channel": "web", **paid, **when},
            {"order_id": "o-de", "customer_id": "c-de", "channel": "web", **paid, **when},
            {"order_id": "o-late-click", "customer_id": "c-us", "channel": "web", **paid, **when},
            {"order_id": "o-cancelled-later", "customer_id": "c-us", "channel": "web", **paid, **when},
            {"order_id": "o-moved", "customer_id": "c-us", "channel": "web", **paid, **when},
            {"order_id": "o-store", "customer_id": "c-us", "channel": "store", **paid, **when},
            {"order_id": "o-store-waiting", "customer_id": "c-us", "channel": "store", **paid, **when},
            {"order_id": "o-unknown-customer", "customer_id": "c-not-landed", "channel": "web", **paid, **when},
            {"order_id": "o-phone", "customer_id": "c-us", "channel": "phone", **paid, **when},
            {"order_id": "o-market", "customer_id": "c-us", "channel": "marketplace", **paid, **when},
            {"order_id": "o-test", "customer_id": "c-us", "channel": "web", **paid, **when, "is_test": True},
            {"order_id": "o/50%", "customer_id": None, "channel": "web", **paid, **when},
        ],
    )
    home.land(
        "order_lines",
        [
            {"order_id": "o-us", "line_number": 1, "product_id": "p1", "quantity": 2, "unit_price": "10"},
            {"order_id": "o-store", "line_number": 1, "product_id": "p1", "quantity": 1, "unit_price": "5"},
            {"order_id": "o-store", "line_number": 2, "product_id": "p2", "quantity": 3, "unit_price": "5"},
        ],
    )
    home.land(
        "clicks",
        [
            {
                "click_id": "k-us",
                "order_id": "o-us",
                "event_id": "browser-us",
                "fbclid": "FbClid-1",
                "fbp": "fb.1.1795165200000.4242",
                "clicked_at": happened,
                "client_ip_address": "81.2.69.142",
                "client_user_agent": "Mozilla/5.0",
                "page_url": f"https://shop.example.com/thanks?mail={CONTACT['email']}",
                "referrer_url": f"https://{CONTACT['email']}@shop.example.com/basket/{CONTACT['email']}/",
            },
            {
                "click_id": "k-sub",
                "subscription_id": "sub-1",
                "event_id": "browser-sub",
                "clicked_at": happened - timedelta(minutes=1),
            },
        ],
    )
    _land_subscription(home, happened)
    granted = {"purpose": "advertising", "decision": "granted", "decided_at": happened - timedelta(days=9)}
    home.land(
        "consents",
        [
            {"consent_id": "a-1", "subject_type": "customer", "subject_id": "c-de", **granted},
            {"consent_id": "a-2", "subject_type": "lead", "subject_id": "l-de", **granted},
        ],
    )
    contact_of_lead = {key: value for key, value in CONTACT.items() if key != "birth_date"}
    lead = {"status": "new", "is_test": False, "submitted_at": happened, "updated_at": happened, **contact_of_lead}
    home.land(
        "leads",
        [
            {"lead_id": "l-us", **lead, "country": "us", "estimated_value": "40", "currency": "usd"},
            {"lead_id": "l-de", **lead, "country": "DE"},
            {"lead_id": "l-spam", **lead, "status": "spam"},
            {"lead_id": "l-form", **lead, "country": "US", "form_name": "instant_form"},
        ],
    )
    home.land(
        "lead_stages",
        [
            stage("1", "Initial Lead", happened),
            stage("2", "Initial Lead", happened + timedelta(minutes=5)),
            stage("3", "Won", happened + timedelta(minutes=90)),
        ],
    )


def stage(change_id: str, name: str, changed_at: datetime) -> dict[str, Any]:
    meta = {"meta_lead_id": "123456789012345", "crm_name": "Acme CRM"}
    return {"change_id": change_id, "lead_id": "l-form", "stage": name, "changed_at": changed_at, **meta}


def _land_subscription(home: DbtHome, started: datetime) -> None:
    def event(key: str, kind: str, minutes: int) -> dict[str, Any]:
        of = {"subscription_id": "sub-1", "customer_id": "c-us", "currency": "EUR", "amount": "9.90", "occurrence": 1}
        when = {"occurred_at": started + timedelta(minutes=minutes)}
        return {"subscription_event_id": key, "event_type": kind, **of, **when}

    home.land(
        "subscription_events",
        [event("e-1", "trial_started", 0), event("e-2", "subscribed", 30), event("e-3", "renewed", 60)],
    )


def _land_late_rows(home: DbtHome) -> Path:
    """A late click with an id, a late customer, late lines; and a leads file, which comes last in a build."""
    home.land("clicks", [{"click_id": "k-late", "order_id": "o-late-click", "event_id": "browser-late"}])
    home.land("customers", [{"customer_id": "c-not-landed", "email": "late@example.com", "country": "GB"}])
    home.land("order_lines", [{"order_id": "o-store-waiting", "line_number": 1, "quantity": 2, "unit_price": "4"}])
    lead = {"status": "new", "submitted_at": home.now - timedelta(hours=1), "email": "new@example.com"}
    return home.land("leads", [{"lead_id": "l-new", **lead, "country": "Japan"}])


def _land_changes(home: DbtHome) -> None:
    """A cancellation after payment, an order that moved, a late stage, consent withdrawn, a version that is older."""
    happened = home.now - timedelta(hours=3)
    order = {"customer_id": "c-us", "currency": "EUR", "total": "20", "ordered_at": happened, "paid_at": happened}
    home.land(
        "orders",
        [
            {
                "order_id": "o-cancelled-later",
                "channel": "web",
                "status": "cancelled",
                "cancelled_at": home.now,
                **order,
            },
            {"order_id": "o-moved", "channel": "store", "status": "paid", **order},
            {
                "order_id": "o-us",
                "channel": "web",
                "status": "paid",
                **order,
                "updated_at": home.now - timedelta(days=1),
            },
        ],
    )
    home.land("lead_stages", [stage("late", "Won", happened)])
    home.land(
        "consents",
        [
            {
                "consent_id": "a-3",
                "subject_type": "customer",
                "subject_id": "c-de",
                "purpose": "advertising",
                "decision": "withdrawn",
                "decided_at": home.now,
            }
        ],
    )


def _all_but_first_files(home: DbtHome) -> list[Path]:
    """Landing files that a later build has no reason to open; DuckDB takes the columns of a view from the first."""
    return [
        path for folder in sorted((home.root / "landing" / "shop").iterdir()) for path in sorted(folder.iterdir())[1:]
    ]


def _tables(home: DbtHome) -> Tables:
    """Every row of the marts as text, without the number of the build that wrote it."""
    names = ("marts.fct_conversion_candidates", "marts.fct_conversion_events", "destinations.meta_events")
    return {
        name: frozenset(str(row) for row in home.query(f"select * exclude (build_seq) from {name}")) for name in names
    }
