"""A small shop in which one person bought in every way that an event can end, and another one did so, too."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from searching import Needle, forms

from waybill.home import HomeFacts
from waybill.settings import Settings, load_settings

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DATASET = "1029384756"

CANARY: Mapping[str, str] = {
    "email": "zqcanary@example.com",
    "phone": "+1 202-555-0147",
    "first_name": "Zqcanarina",
    "last_name": "Vogelsang",
    "city": "Zqville",
}
OTHER = {"email": "somebody@example.org", "phone": "+1 202-555-0188", "first_name": "Else", "last_name": "Whoever"}
WAYS = ("accepted", "rejected", "unknown", "taken", "test", "invalid", "store", "later")


@dataclass
class Shop:
    """The shop's own database, and the home that reads it; ``now`` is the home's clock."""

    folder: Path
    platform: str
    now: datetime = NOW

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def settings(self) -> Settings:
        self.home.mkdir(exist_ok=True)
        facts = HomeFacts(is_sample=True, as_of=self.now, start_at=NOW - timedelta(days=6))
        (self.home / "home.toml").write_text(facts.to_toml())
        loaded = load_settings(
            {
                "WAYBILL_HOME": str(self.home),
                "WAYBILL_WAREHOUSE_URI": f"duckdb:///{self.folder / 'shop.duckdb'}",
                "WAYBILL_META_DATASET_ID": DATASET,
                "WAYBILL_META_ACCESS_TOKEN": "made-up-token",
                "WAYBILL_META_BASE_URL": self.platform,
            }
        )
        one_by_one = loaded.destinations["meta"].model_copy(update={"batch_size": 1})
        return loaded.model_copy(update={"destinations": {"meta": one_by_one}})

    def create(self) -> None:
        with duckdb.connect(self.folder / "shop.duckdb") as db:
            for name, table in self.settings().sources["shop"].tables.items():
                columns = ", ".join(f"{column} {kind}" for column, kind in table.columns.items())
                db.execute(f"create table {name} ({columns})")

    def add(self, table: str, **row: Any) -> None:
        row = {"updated_at": self.now - timedelta(minutes=1), **row}
        with duckdb.connect(self.folder / "shop.duckdb") as db:
            names, marks = ", ".join(row), ", ".join("?" for _ in row)
            db.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))

    def person(self, key: str, known: Mapping[str, str]) -> None:
        self.add("customers", customer_id=key, country="US", gender="f", birth_date="1990-03-04", **known)
        consent = {"subject_type": "customer", "subject_id": key, "purpose": "advertising", "decision": "granted"}
        self.add("consents", consent_id=f"{key}-consent", basis="opt_in", decided_at=NOW - 90 * HOUR, **consent)

    def order(self, person: str, way: str, **more: Any) -> None:
        """An order with a line and a click, all named after the person and the way in which it shall end."""
        key, at = f"{person}-{way}", self.now - HOUR
        order = {"channel": "store" if way == "store" else "web", "status": "paid", "is_test": way == "test"}
        money = {"currency": "???" if way == "invalid" else "USD", "total": 12.5}
        self.add("orders", order_id=key, customer_id=person, ordered_at=at, paid_at=at, **order, **money)
        self.add("order_lines", order_id=key, line_number=1, product_id="SKU-1", quantity=1, unit_price=12.5)
        click = {"clicked_at": at, "client_ip_address": more.get("ip"), "client_user_agent": f"Mozilla/5.0 {person}"}
        page = f"https://shop.example.com/thanks/{key}"
        self.add("clicks", click_id=f"{key}-click", order_id=key, event_id=more.get("event_id"), page_url=page, **click)


def needles(person: str, known: Mapping[str, str]) -> Iterator[Needle]:
    """All by which a person could be known: as written, hashed as platforms are told, and their own keys."""
    for name, value in known.items():
        yield from forms(name, value)
    for name, told in (("email", known["email"]), ("phone", "".join(filter(str.isdigit, known["phone"])))):
        yield Needle(f"hashed {name}", "as sent", hashlib.sha256(told.encode()).hexdigest().encode())
    yield Needle("external_id", "as sent", hashlib.sha256(person.lower().encode()).hexdigest().encode())
    yield from forms("key", person.lower())
