"""Makes delta files as the freeze writes them, full of realistic made-up events, and lets a test spoil some."""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from waybill.delta import DeltaFile
from waybill.files import sha256_of
from waybill.home import Home
from waybill.settings import Settings

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BUILD = "20261120T120000000000Z"

SCHEMA = pa.schema(
    [
        ("row_number", pa.int64()),
        ("source_key", pa.string()),
        ("event_kind", pa.string()),
        ("event_name", pa.string()),
        ("event_id", pa.string()),
        ("dataset", pa.string()),
        ("occurred_at", pa.timestamp("us", "UTC")),
        ("committed_at", pa.timestamp("us", "UTC")),
        ("landed_at", pa.timestamp("us", "UTC")),
        ("frozen_at", pa.timestamp("us", "UTC")),
        ("expires_at", pa.timestamp("us", "UTC")),
        ("expires_reason", pa.string()),
        ("value", pa.decimal128(18, 4)),
        ("currency", pa.string()),
        ("payload", pa.string()),
        ("payload_digest", pa.string()),
        ("event_id_taken", pa.bool_()),
        ("past_expiry", pa.bool_()),
    ]
)

USER_AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/23B85 "
    "[FBAN/FBIOS;FBAV/540.0.0.40.104;FBBV/812345678;FBDV/iPhone17,3;FBMD/iPhone;FBSN/iOS;FBSV/19.1;FBSS/3;FBCR/;FBID/phone]",
    "Mozilla/5.0 (Linux; Android 16; SM-S938B Build/BP2A.250605.031.A3; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/142.0.7444.102 Mobile Safari/537.36 Instagram 405.0.0.53.79 Android (36/16; 600dpi; 1440x2891; "
    "samsung; SM-S938B; pa3q; qcom; de_DE; 812345678)",
]
ADDRESSES = [
    "203.0.113.77",
    "198.51.100.9",
    "2001:db8:85a3::8a2e:370:7334",
    "2001:0db8:0000:0042:0000:8a2e:0370:7334",
    "::ffff:192.0.2.1",
]
CITIES = ["münchen", "sãopaulo", "東京", "laquila", "łódź", "newyork"]
CURRENCIES = ["EUR", "USD", "GBP", "JPY", "PLN"]


def with_thresholds(settings: Settings, **limits: float) -> Settings:
    """The settings with other limits for the gate of ``meta``."""
    meta = settings.destination("meta")
    changed = meta.model_copy(update={"gate": meta.gate.model_copy(update=limits)})
    return settings.model_copy(update={"destinations": {"meta": changed}})


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Row:
    """One event on its way into a delta file; ``payload`` is written as JSON unless ``raw_payload`` is given."""

    columns: dict[str, Any]
    payload: dict[str, Any]
    raw_payload: str | None = None
    digest: str | None = None

    @property
    def user(self) -> dict[str, Any]:
        return self.payload["user_data"]

    @property
    def custom(self) -> dict[str, Any]:
        return self.payload["custom_data"]

    def finished(self, position: int) -> dict[str, Any]:
        text = self.raw_payload
        if text is None:
            text = json.dumps(self.payload, ensure_ascii=False, separators=(",", ":"))
        digest = self.digest or hashed(text)
        return {"row_number": position, "payload": text, "payload_digest": digest, **self.columns}


@dataclass
class Shop:
    """Draws realistic events: website and store Purchases and Leads of different people."""

    seed: int = 7
    draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)  # noqa: S311

    def rows(self, count: int) -> list[Row]:
        makers: list[Callable[[int], Row]] = [self.website, self.website, self.website, self.store, self.lead]
        return [makers[number % len(makers)](number) for number in range(count)]

    def website(self, number: int) -> Row:
        captured = number % 3 == 0
        event_id = f"{self.draw.getrandbits(64):x}.{number}" if captured else f"purchase_{100_000 + number}"
        row = self._row(number, "website_purchase", "Purchase", event_id, f"shop/orders/{100_000 + number}", "website")
        row.payload["event_source_url"] = (
            f"https://shop.example.com/checkout/{4_006_381_333_931 + number}?step=3&gclid=EAIaIQ-555-01"
            f"&fbclid=IwAR0{self._noise(50)}"
        )
        row.payload["referrer_url"] = (
            "https://www.example.org/%D0%BA%D0%BE%D1%82?q=gr%C3%B6%C3%9Fe+10+12&ref=@shop/post.html"
        )
        row.user["fbc"] = f"fb.1.{1_763_000_000_000 + number}.IwAR0{self._noise(60)}"
        row.user["fbp"] = f"fb.1.{1_763_000_000_000 + number}.{self.draw.randrange(10**10)}.{self._noise(8)}"
        row.user["client_user_agent"] = USER_AGENTS[number % len(USER_AGENTS)]
        row.user["client_ip_address"] = ADDRESSES[number % len(ADDRESSES)]
        row.custom["contents"] = [
            {"id": f"sku-{number:05d}-XL", "quantity": 2, "item_price": 12.5},
            {"id": "0012345678905", "quantity": 1, "title": f"Kaffeemühle “No. {number}” 220-240 V / 50 Hz"},
        ]
        row.custom["content_type"] = "product"
        row.custom["order_id"] = f"{100_000 + number}"
        return row

    def store(self, number: int) -> Row:
        key = f"shop/orders/{100_000 + number}/1"
        row = self._row(number, "store_purchase", "Purchase", f"store_{100_000 + number}_1", key, "physical_store")
        row.columns["expires_at"] = row.columns["occurred_at"] + timedelta(days=62, hours=-2)
        row.custom["item_number"] = "1"
        row.custom["store_data"] = {"store_code": "M-04"}
        return row

    def lead(self, number: int) -> Row:
        row = self._row(
            number, "website_lead", "Lead", f"lead_{9_000 + number}", f"shop/leads/{9_000 + number}", "website"
        )
        row.payload["event_source_url"] = "https://shop.example.com/kontakt"
        row.payload["custom_data"] = {"content_name": "Newsletter 2026 – Herbst, 30% Rabatt"}
        row.columns["value"] = row.columns["currency"] = None
        return row

    def _row(self, number: int, kind: str, name: str, event_id: str, source_key: str, action_source: str) -> Row:
        occurred = NOW - timedelta(minutes=7 * number % 9000 + 3, microseconds=number * 1000 + 700_000)
        currency = CURRENCIES[number % len(CURRENCIES)]
        value = Decimal(1000 + number * 37 % 20_000) if currency == "JPY" else Decimal(499 + number * 37 % 20_000) / 100
        person = f"person{number}@example.com"
        user: dict[str, Any] = {
            "em": hashed(person) if number % 2 else [hashed(person), hashed("second." + person) + ".AQIAAgEB"],
            "external_id": [hashed(f"customer-{number}")],
            "country": hashed("de"),
            "ct": hashed(CITIES[number % len(CITIES)]),
        }
        if number % 4 == 0:
            user |= {"ph": hashed(f"4477009{number:05d}") + ".Aw", "fn": hashed(f"name{number}"), "ge": hashed("f")}
        return Row(
            columns={
                "source_key": source_key,
                "event_kind": kind,
                "event_name": name,
                "event_id": event_id,
                "dataset": "main",
                "occurred_at": occurred,
                "committed_at": occurred + timedelta(seconds=40),
                "landed_at": occurred + timedelta(minutes=4),
                "frozen_at": NOW,
                "expires_at": occurred + timedelta(days=7, hours=-2),
                "expires_reason": "window",
                "value": value,
                "currency": currency,
                "event_id_taken": False,
                "past_expiry": False,
            },
            payload={
                "event_name": name,
                "event_time": int(occurred.timestamp()),
                "event_id": event_id,
                "action_source": action_source,
                "user_data": user,
                "custom_data": {"value": float(value), "currency": currency},
            },
        )

    def _noise(self, length: int) -> str:
        return "".join(self.draw.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", k=length))


def shifted(rows: list[Row], days: int, name: str) -> list[Row]:
    """The same events days earlier, of other orders: every key has a name in it."""
    for row in rows:
        for column in ("occurred_at", "committed_at", "landed_at", "expires_at"):
            row.columns[column] -= timedelta(days=days)
        row.payload["event_time"] -= days * 86_400
        row.columns["source_key"] = row.columns["source_key"].replace("shop/", f"shop/{name}", 1)
        row.columns["event_id"] = row.payload["event_id"] = f"{name}.{row.columns['event_id']}"
        if "order_id" in row.custom:
            row.custom["order_id"] = f"{name}{row.custom['order_id']}"
    return rows


def write_delta(
    home: Home,
    rows: list[Row],
    *,
    build_id: str = BUILD,
    schema: pa.Schema = SCHEMA,
    **said: Any,
) -> DeltaFile:
    """Writes rows and sidecar as the freeze does, in the order given; ``said`` goes into the sidecar."""
    finished = [row.finished(position) for position, row in enumerate(rows)]
    return write_table(home, pa.Table.from_pylist(finished, schema=schema), build_id=build_id, **said)


def write_table(home: Home, table: pa.Table, *, build_id: str = BUILD, **said: Any) -> DeltaFile:
    home.create()
    path: Path = home.delta / "meta" / f"{build_id}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", row_group_size=10_000)
    past_expiry = sum(table["past_expiry"].to_pylist()) if "past_expiry" in table.column_names else 0
    delta = DeltaFile(
        **{
            "path": path,
            "destination": "meta",
            "build_id": build_id,
            "frozen_at": NOW,
            "after": "",
            "rows": table.num_rows,
            "past_expiry": past_expiry,
            "sha256": sha256_of(path),
            **said,
        }
    )
    delta.write_sidecar()
    return delta
