"""Two customers of a shop, all that leads to the one who is erased, and a look for it in every byte of a home."""

import hashlib
from typing import Any

import duckdb
import pyarrow as pa
from office import Office
from outbox import NOW, Event

from canaries import found_in
from waybill import tombstones
from waybill.delivery import keyfiles
from waybill.sources import landing
from waybill.sources.windows import Window

THEIRS = (1, 3, 5, 7, 9)
"""The orders of C-1; the even ones are of C-2."""

LANDED: dict[str, list[dict[str, Any]]] = {
    "customers": [
        {"customer_id": "C-1", "email": "canary@example.com", "phone": "+12025550147", "first_name": "Canarina"},
        {"customer_id": "C-2", "email": "other@example.com", "first_name": "Otherwise"},
    ],
    "orders": [
        {"order_id": str(number), "customer_id": "C-1" if number % 2 else "C-2", "channel": "web"}
        for number in range(1, 11)
    ],
    "order_lines": [{"order_id": "1", "line_number": 1, "product_id": "canary-product"}],
    "clicks": [
        {"click_id": "canary-click", "order_id": "3", "client_ip_address": "203.0.113.77"},
        {"click_id": "other-click", "order_id": "2", "client_ip_address": "203.0.113.78"},
    ],
    "consents": [
        {"consent_id": "canary-consent", "subject_type": "customer", "subject_id": "C-1"},
        {"consent_id": "other-consent", "subject_type": "lead", "subject_id": "C-2"},
    ],
    "leads": [],
    "lead_stages": [],
    "subscription_events": [],
}
GONE = {
    *("canary@example.com", "+12025550147", "Canarina", "canary-product", "canary-click", "canary-consent", "C-1'"),
    *("203.0.113.77",),
    *(f"shop/orders/{number}'" for number in THEIRS),
    *(f"purchase_{number}'" for number in THEIRS),
    *(hashlib.sha256(f"person{number}@example.com".encode()).hexdigest() for number in THEIRS),
    *(Event(number).payload for number in THEIRS),
}
KEPT = {
    *("other@example.com", "Otherwise", "other-click"),
    *(f"shop/orders/{number}'" for number in (2, 4, 6, 8, 10)),
    *(hashlib.sha256(f"person{number}@example.com".encode()).hexdigest() for number in (2, 4, 6, 8, 10)),
}


def land(office: Office, landed: dict[str, list[dict[str, Any]]] = LANDED) -> None:
    for table, rows in landed.items():
        declared = office.settings.sources["shop"].tables[table]
        stamped = [{"updated_at": NOW, **row} for row in rows]
        batch = pa.RecordBatch.from_pylist(stamped, schema=landing.declared_schema(declared))
        folder = office.home.landing / "shop" / table
        landing.publish([landing.stage(folder, table, declared, Window(None, NOW), NOW, [batch])])


def check_key_files(office: Office) -> None:
    """Each holds what its own digest says."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for path in keyfiles.key_files(office.home, "meta"):
            keyfiles.verify(path, connection)


def check_gone(office: Office) -> None:
    """Nothing of C-1 is in any byte of the home or any row of the ledger, and all of C-2 is."""
    assert found_in(office.home.root, GONE, but={"home.toml"}) == {}
    assert [word for word in GONE if word in repr(office.dump())] == []
    assert set(found_in(office.home.root, KEPT)) == KEPT
    assert not tombstones.journal_path(office.home).exists()
    check_key_files(office)
