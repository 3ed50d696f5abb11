"""One made-up conversion of every kind, with everything that its payload can hold: the story of the golden payloads."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from dbt_home import DbtHome

KEYS: Final[Mapping[str, str]] = {
    "website_purchase": "shop/orders/o-web",
    "website_purchase.limited_data_use": "shop/orders/o-limited",
    "store_purchase": "shop/orders/o-store/2",
    "phone_purchase": "shop/orders/o-phone",
    "email_purchase": "shop/orders/o-email",
    "chat_purchase": "shop/orders/o-chat",
    "website_lead": "shop/leads/l-web",
    "crm_stage": "shop/lead_stages/s-1",
    "trial_start": "shop/subscription_events/e-trial_started",
    "subscribe": "shop/subscription_events/e-subscribed",
    "renewal": "shop/subscription_events/e-renewed",
    "upgrade": "shop/subscription_events/e-upgraded",
    "cancellation": "shop/subscription_events/e-cancelled",
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
        ("lead", "l-form", granted),
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
    _land_subscription(home, happened)
    home.build()


def _land_orders(home: DbtHome, happened: Any) -> None:
    order = {
        "customer_id": "c-1",
        "status": "paid",
        "is_test": False,
        "currency": "usd",
        "total": "59.97",
        "refunded_amount": "0",
        "net_revenue": "12.5",
        "predicted_ltv": "250",
        "customer_segment": "new_customer_to_business",
        "ordered_at": happened,
        "paid_at": happened,
    }
    channels = ("web", "store", "phone", "email", "chat")
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
            {"lead_id": "l-form", "form_name": "instant_form", **lead},
        ],
    )
    home.land(
        "lead_stages",
        [
            {
                "change_id": "s-1",
                "lead_id": "l-form",
                "meta_lead_id": "123456789012345",
                "crm_name": 'Example "CRM"',
                "stage": "Sales Opportunity",
                "stage_value": "1200",
                "currency": "EUR",
                "changed_at": happened + timedelta(hours=1),
            }
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


def _land_subscription(home: DbtHome, happened: Any) -> None:
    types = ("trial_started", "subscribed", "renewed", "upgraded", "cancelled")
    paid = {"currency": "KWD", "amount": "3.5", "predicted_ltv": "42", "occurrence": 1}
    home.land(
        "subscription_events",
        [
            {
                "subscription_event_id": f"e-{event_type}",
                "subscription_id": "sub-1",
                "customer_id": "c-1",
                "event_type": event_type,
                "occurred_at": happened + timedelta(minutes=10 * number),
                **(paid if event_type != "cancelled" else {}),
            }
            for number, event_type in enumerate(types)
        ],
    )
    click = {"subscription_id": "sub-1", **_BROWSER}
    home.land(
        "clicks",
        [
            {"click_id": "k-trial", "event_id": "browser-trial", "clicked_at": happened, **click},
            {"click_id": "k-subscribe", "clicked_at": happened + timedelta(minutes=9), **click},
        ],
    )
