"""A shop with planted values: in every field of contact data, and wherever else somebody may have written one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
from searching import Needle, digits, forms

from waybill.declared import SourceSettings

AS_OF: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOKEN: Final = "EAAzqsecrettoken7Kq"
PASSWORDS: Final = {"warehouse": "zqsecret/warehouse+pw", "ledger": "zqsecret ledger pw"}
WORD: Final = "zqcanary"
"""Every planted address, name and place has it inside."""

PERSON: Final = {
    "email": "Zqcanary.Person+Tag@Example.com",
    "phone": "+1 (202) 555-0171",
    "first_name": "$(touch zqcanary_was_here)",
    "last_name": "O'Zqcanary\"; drop table orders; --",
    "gender": "zqcanary_gender@example.com",
    "birth_date": "1913-02-17",
    "city": "../../Zqcanaryville",
    "state": "California",
    "postal_code": "90291-7377",
    "country": "USA",
}
OTHER: Final = {
    "email": "Zqcanary_Other@Example.com",
    "phone": "(202) 555-0183",
    "first_name": "Zqcanaryüß",
    "last_name": "王Zqcanary",
    "gender": "f",
    "birth_date": "zqcanary_birth@example.com",
    "city": "Zqcanarystadt",
    "state": "zqcanary_state@example.com",
    "postal_code": "zqcanary_zip@example.com",
    "country": "zqcanary_country@example.com",
}
BROWSER: Final = {
    "client_ip_address": "81.2.69.171",
    "client_user_agent": "Mozilla/5.0 (ZqAgent 77; Planted)",
    "fbp": "fb.1.1795165200000.77665544332211",
    "fbc": "fb.1.1795165200000.ZqClickId77",
}
PHONE_AS_KEY: Final = "+1 202-555-0195"
_NORMALIZED: Final = {
    "hash of the e-mail": "zqcanary.person+tag@example.com",
    "hash of the phone": "12025550171",
    "hash of the birth date": "19130217",
    "hash of the id": "zqcanary_customer@example.com",
}


def contact_data() -> list[Needle]:
    """What only landing, and the views over it, may hold."""
    phones = (PERSON["phone"], OTHER["phone"], PHONE_AS_KEY)
    as_written = {*PERSON.values(), *OTHER.values()} - {"California", "USA", "f"}
    return [
        *forms("planted word", WORD),
        *(needle for phone in phones for needle in (*forms("phone", phone), *digits("phone", phone, 10))),
        *forms("birth date", PERSON["birth_date"]),
        *digits("birth date", PERSON["birth_date"], 8),
        *forms("postal code", PERSON["postal_code"]),
        *(needle for value in as_written for needle in forms("as written", value) if needle.form.startswith("sha256")),
    ]


def pseudonyms() -> list[Needle]:
    """What only marts, delta files and requests may hold besides: hashes, and what platforms want in clear."""
    hashes = [
        needle
        for name, value in _NORMALIZED.items()
        for needle in forms(name, value)
        if needle.form.startswith("sha256")
    ]
    return [*hashes, *(needle for name, value in BROWSER.items() for needle in forms(name, value))]


def secrets() -> list[Needle]:
    """What nothing on disk may hold at all."""
    known = [*forms("token", TOKEN), *forms("any secret", "zqsecret")]
    return [
        *known,
        *(needle for name, value in PASSWORDS.items() for needle in forms(f"password of the {name}", value)),
    ]


def shop(path: Path, source: SourceSettings) -> None:
    """Makes the shop in a DuckDB file, with the tables that waybill.toml declares."""
    with duckdb.connect(path) as connection:
        for table, declared in source.tables.items():
            columns = ", ".join(f'"{name}" {kind}' for name, kind in declared.columns.items())
            connection.execute(f"create table {table} ({columns})")
    for table, rows in _rows().items():
        insert(path, table, rows)


def insert(path: Path, table: str, rows: list[dict[str, Any]]) -> None:
    with duckdb.connect(path) as connection:
        for row in rows:
            marks = ", ".join("?" * len(row))
            connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))


def change(path: Path, statement: str) -> None:
    with duckdb.connect(path) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(statement)


HAPPENED: Final = AS_OF - timedelta(hours=3)
_WHEN: Final = {"ordered_at": HAPPENED, "paid_at": HAPPENED, "updated_at": HAPPENED}
_PAID: Final = {"channel": "web", "status": "paid", "currency": "EUR", "total": 20, "is_test": False}


def _mail(place: str) -> str:
    return f"zqcanary_{place}@example.com"


def _rows() -> dict[str, list[dict[str, Any]]]:
    """Every table, with an address of its own in each place where none belongs."""
    people = {"c-1": PERSON, _mail("customer"): PERSON, "c-2": OTHER}
    people |= {f"p-{n}": {**OTHER, "email": f"zqcanary{n}@example.com", "phone": None} for n in range(12)}
    now = {"updated_at": HAPPENED}
    consent = {"purpose": "advertising", "decision": "granted", "basis": "opt_in", **now}
    consent |= {"decided_at": HAPPENED - timedelta(days=9)}
    asked = [*(("customer", customer) for customer in people), ("lead", _mail("lead")), ("lead", "l-1")]
    words = {name: _mail(name) for name in ("subject_type", "subject_id", "purpose", "decision", "basis")}
    return {
        "customers": [{"customer_id": key, **person, **now} for key, person in people.items()],
        "orders": _orders(),
        "order_lines": [
            {"order_id": "o-1", "line_number": 1, "product_id": _mail("product"), "quantity": 2, **now},
            {"order_id": "o-1", "line_number": 2, "product_id": "p'2", "quantity": 1, **now},
            {"order_id": _mail("store_order"), "line_number": 1, "product_id": "p", "quantity": 1, **now},
        ],
        "clicks": _clicks(),
        "consents": [
            *(
                {**consent, "consent_id": f"n-{number}", "subject_type": kind, "subject_id": subject}
                for number, (kind, subject) in enumerate(asked)
            ),
            {**consent, **words, "consent_id": _mail("consent")},
        ],
        "leads": _leads(),
        "lead_stages": _stages(),
        "subscription_events": _subscriptions(),
    }


def _orders() -> list[dict[str, Any]]:
    order = {"customer_id": "c-1", **_PAID, **_WHEN}
    strange: list[dict[str, Any]] = [
        {"order_id": _mail("order")},
        {"order_id": _mail("store_order"), "channel": "store"},
        {"order_id": PHONE_AS_KEY},
        {"order_id": "o-1"},
        {"order_id": "o-of-a-mail", "customer_id": _mail("customer")},
        {"order_id": "o-words", **{name: _mail(name) for name in ("store_code", "brand", "customer_segment")}},
        *({"order_id": f"o-{name}", name: _mail(name)} for name in ("currency", "channel", "status")),
        {"order_id": "o-too-dear", "total": 99_999_999_999},
        {"order_id": "o-old", "paid_at": AS_OF - timedelta(days=6, hours=20)},
        {"order_id": "o'; drop table orders; --"},
        {"order_id": "$(touch /tmp/x)/../../x"},
    ]
    usual = [
        {
            "order_id": f"u-{n}",
            "customer_id": f"p-{n % 12}",
            "total": 10 + n,
            "paid_at": HAPPENED - timedelta(minutes=n),
        }
        for n in range(24)
    ]
    one_persons = [{"order_id": f"same-{n}", "total": 10 + n} for n in range(120)]
    return [{**order, **special} for special in (*strange, *usual, *one_persons)]


def _clicks() -> list[dict[str, Any]]:
    words = {name: _mail(name) for name in ("fbc", "fbp", "fbclid", "client_ip_address", "page_url")}
    clicks: list[dict[str, Any]] = [
        {"click_id": _mail("click"), "order_id": _mail("order"), "event_id": _mail("event")},
        {
            **{"click_id": "k-1", "order_id": "o-1", **BROWSER},
            "page_url": f"https://shop.example.com/p/{_mail('path')}/x?utm_source={_mail('utm')}#zqcanary",
            "referrer_url": f"https://{_mail('user')}@www.example.com/s?q=zqcanary",
        },
        {"click_id": "k-2", "order_id": "o-words", **words, "client_user_agent": f"bot/1.0 ({_mail('agent')})"},
    ]
    return [{"clicked_at": HAPPENED, "updated_at": HAPPENED, **click} for click in clicks]


def _leads() -> list[dict[str, Any]]:
    person = {key: value for key, value in PERSON.items() if key not in ("gender", "birth_date")}
    lead = {**person, "status": "new", "form_name": "contact", "submitted_at": HAPPENED, "updated_at": HAPPENED}
    return [
        {**lead, "lead_id": _mail("lead")},
        {**lead, "lead_id": "l-1", "currency": _mail("lead_currency")},
        {**lead, "lead_id": "l-2", "form_name": _mail("form"), "status": _mail("lead_status")},
    ]


def _stages() -> list[dict[str, Any]]:
    stage = {"crm_name": "hubspot", "stage": "won", "changed_at": HAPPENED, "updated_at": HAPPENED}
    words = {name: _mail(name) for name in ("stage", "crm_name", "meta_lead_id", "currency")}
    return [
        {**stage, "change_id": _mail("change"), "lead_id": _mail("lead")},
        {**stage, "change_id": "s-1", "lead_id": "l-9", **words},
    ]


def _subscriptions() -> list[dict[str, Any]]:
    event = {"event_type": "subscribed", "occurrence": 1, "customer_id": "c-1", "amount": 5, "currency": "EUR"}
    event |= {"occurred_at": HAPPENED, "updated_at": HAPPENED}
    words = {name: _mail(name) for name in ("plan", "currency", "event_type")}
    return [
        {**event, "subscription_event_id": _mail("subscription_event"), "subscription_id": "sub-1"},
        {**event, "subscription_event_id": "e-1", "subscription_id": _mail("subscription")},
        {**event, "subscription_event_id": "e-2", "subscription_id": "sub-2", **words},
    ]
