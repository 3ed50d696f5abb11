"""One made-up conversion of every kind, with everything that its payload can hold: the story of the golden payloads."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from dbt_home import DbtHome

KEYS: Final[Mapping[str, str]] = {
    "website_purchase": "shop/orders/o-web",
    "website_purchase.limited_data_use": "shop/orders/o-limited",
    "store_purchase": "shop/orders/o-store/2",
    "website_lead": "shop/leads/l-web",
}
"""The golden file, named by the kind of event and what is special, and the candidate whose payload is in it."""

NORMALIZED: Final[Mapping[str, str]] = {
    "em": "ana.maría+shop@example.com",
    "ph": "12025550142",
    "fn": "anamaría",
    "ln": "oneilsmith",
    "ge": "f",
    "db": "19900216",
    "ct": "stlouis",
    "st": "mo",
    "zp": "63101",
    "country": "us",
    "external_id": "c-1",
}
"""What the person of the story is, by Meta's rules, before hashing."""

_PERSON: Final[Mapping[str, str]] = {
    "email": " Ana.María+shop@Example.com",
    "phone": "(202) 555-0142",
    "first_name": "Ana María",
    "last_name": "O’Neil-Smith",
    "city": "St. Louis",
    "state": "Missouri",
    "postal_code": "63101-1234",
    "country": "USA",
}
_BROWSER: Final[Mapping[str, str]] = {
    "fbc": "fb.1.1795165200000.AbC-dEf_1.AQIAAQMC",
    "fbp": "fb.1.1795165200000.4242",
    "client_ip_address": "2001:DB8:0:0::7",
    "client_user_agent": 'Mozilla/5.0 (X11; Linux x86_64) "quoted" \\ AppleWebKit/537.36',
    "page_url": "https://shop.example.com/thanks?mail=ana@example.com#top",
    "referrer_url": "https://www.example.com/search?q=shoes",
}


def tell(home: DbtHome) -> None:
    """Lands and builds the story."""
    happened = home.now - timedelta(hours=3)
    customer = {"gender": "Female", "birth_date": "1990-02-16", **_PERSON}
    home.land(
        "customers",
        [{"customer_id": "c-1", **customer}, {"customer_id": "c-limited", **customer, "state": "California"}],
    )
    granted = {
        "purpose": "advertising",
        "decision": "granted",
        "basis": "opt_in",
        "decided_at": home.now - timedelta(days=9),
    }
    objected = {**granted, "decision": "denied", "basis": "opt_out"}
    decisions = (
        ("customer", "c-1", granted),
        ("lead", "l-web", granted),
        ("customer", "c-limited", objected),
        ("customer", "c-limited", {**objected, "purpose": "optimization"}),
    )
    home.land(
        "consents",
        [
            {"consent_id": f"a-{number}", "subject_type": kind, "subject_id": subject, **decision}
            for number, (kind, subject, decision) in enumerate(decisions)
        ],
    )
    _land_orders(home, happened)
    _land_leads(home, happened)
    home.build()


def _land_orders(home: DbtHome, happened: Any) -> None:
    order = {
        "customer_id": "c-1",
        "status": "paid",
        "is_test": False,
        "currency": "usd",
        "total": "59.97",
        "refunded_amount": "0",
        "ordered_at": happened,
        "paid_at": happened,
    }
    channels = ("web", "store")
    limited = {**order, "order_id": "o-limited", "channel": "web", "customer_id": "c-limited"}
    told = [{**order, "order_id": f"o-{channel}", "channel": channel} for channel in channels]
    home.land("orders", [*told, limited])
    home.land(
        "order_lines",
        [
            {
                "order_id": f"o-{channel}",
                "line_number": number,
                "product_id": product,
                "quantity": quantity,
                "unit_price": price,
            }
            for channel in channels
            for number, product, quantity, price in (
                (1, "p-1", 1, "19.99"),
                (2, 'p "2"', 2, "19.99"),
                (3, None, 1, "1"),
            )
        ],
    )
    home.land(
        "clicks",
        [
            {"click_id": "k-o", "order_id": "o-web", "event_id": "browser-1", "clicked_at": happened, **_BROWSER},
            {"click_id": "k-x", "order_id": "o-limited", "clicked_at": happened, **_BROWSER},
        ],
    )


def _land_leads(home: DbtHome, happened: Any) -> None:
    lead = {"status": "new", "is_test": False, "submitted_at": happened, **_PERSON}
    home.land(
        "leads",
        [
            {"lead_id": "l-web", "form_name": "newsletter", "estimated_value": "40", "currency": "JPY", **lead},
        ],
    )
    home.land(
        "clicks",
        [
            {
                "click_id": "k-l",
                "lead_id": "l-web",
                "fbclid": "IwAR0-abc_DEF",
                "clicked_at": happened,
                **_BROWSER,
                "fbc": None,
            }
        ],
    )
