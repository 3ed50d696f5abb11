"""Writes what a build and a gate hand over: a delta file, its withdrawals, its sidecar and a decision."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from waybill.delivery import withdrawals as withdrawals_file
from waybill.delta import DeltaFile
from waybill.files import sha256_of
from waybill.home import Home
from waybill.quality import closings, decisions
from waybill.quality.decisions import Decision

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = "20261120T130000000000Z"
"""The name of a second build."""

_TIME = pa.timestamp("us", "UTC")
DELTA = pa.schema(
    [
        ("row_number", pa.int64()),
        *((name, pa.string()) for name in ("source_key", "event_kind", "event_name", "event_id", "dataset")),
        *((name, _TIME) for name in ("occurred_at", "committed_at", "landed_at", "frozen_at", "expires_at")),
        ("expires_reason", pa.string()),
        ("value", pa.decimal128(18, 4)),
        *((name, pa.string()) for name in ("currency", "payload", "payload_digest")),
        *((name, pa.bool_()) for name in ("event_id_taken", "past_expiry")),
    ]
)
GATE = pa.schema(
    [
        *((name, pa.string()) for name in ("destination", "file_id", "build_id")),
        ("row_number", pa.int64()),
        *((name, pa.string()) for name in ("dataset", "event_kind", "event_name", "source_key", "event_id")),
        *((name, pa.string()) for name in ("payload_digest", "state")),
        ("reasons", pa.list_(pa.string())),
        ("judged_at", _TIME),
        ("suite_version", pa.string()),
        ("value", pa.decimal128(18, 4)),
        ("currency", pa.string()),
    ]
)
WITHDRAWALS = pa.schema(
    [
        ("file_id", pa.string()),
        ("row_number", pa.int64()),
        *((name, pa.string()) for name in ("destination", "dataset", "event_name", "source_key", "event_id", "reason")),
    ]
)


@dataclass(frozen=True)
class Event:
    """One made-up purchase; ``spoilt`` leaves out its value, which the platform refuses."""

    number: int
    minutes_ago: int = 30
    window: timedelta = timedelta(days=7) - timedelta(hours=2)
    kind: str = "website_purchase"
    dataset: str = "main"
    spoilt: bool = False
    event_id: str = ""
    padding: int = 0
    limited: bool = False

    @property
    def id(self) -> str:
        return self.event_id or f"purchase_{self.number}"

    @property
    def source_key(self) -> str:
        return f"shop/orders/{self.number}"

    @property
    def occurred_at(self) -> datetime:
        return NOW - timedelta(minutes=self.minutes_ago)

    @property
    def payload(self) -> str:
        content: dict[str, Any] = {
            "event_name": "Purchase",
            "event_time": int(self.occurred_at.timestamp()),
            "event_id": self.id,
            "action_source": "website",
            "event_source_url": "https://shop.example.com/thanks" + "?" * self.padding,
            "user_data": {
                "em": [hashlib.sha256(f"person{self.number}@example.com".encode()).hexdigest()],
                "client_user_agent": "Mozilla/5.0 (made up; ünïcode)",
            },
            "custom_data": {"currency": "EUR", "value": 12.5},
        }
        if self.kind == "store_purchase":
            content |= {"action_source": "physical_store"}
            del content["event_source_url"]
        if self.limited:
            content |= {"data_processing_options": ["LDU"], "data_processing_options_country": 1}
            content |= {"data_processing_options_state": 1000}
        if self.spoilt:
            del content["custom_data"]["value"]
        # Spaces as no JSON library would write them: a payload that is rendered again on its way is noticed.
        return json.dumps(content, ensure_ascii=False, separators=(", ", ":"))


def events(count: int, first: int = 1, spoilt: Sequence[int] = ()) -> list[Event]:
    return [Event(number, spoilt=number in spoilt) for number in range(first, first + count)]


def freeze(
    home: Home,
    rows: Sequence[Event],
    build: str = "20261120T120000000000Z",
    after: str = "",
    withdrawals: Sequence[tuple[str, int, str]] = (),
    at: datetime = NOW,
) -> DeltaFile:
    """Writes a delta file of these events in this order; ``withdrawals`` are (file_id, row_number, reason)."""
    home.create()
    path = home.delta / "meta" / f"{build}.parquet"
    path.parent.mkdir(exist_ok=True)
    records = [_record(number, row, at) for number, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(records, schema=DELTA), path, row_group_size=400)
    delta = DeltaFile(
        path=path,
        destination="meta",
        build_id=build,
        frozen_at=at,
        after=after,
        rows=len(rows),
        past_expiry=sum(record["past_expiry"] for record in records),
        sha256=sha256_of(path),
    )
    withdrawn = [
        {**_names(home, file_id, number), "file_id": file_id, "row_number": number, "reason": reason}
        for file_id, number, reason in withdrawals
    ]
    write_withdrawals(pa.Table.from_pylist(withdrawn, schema=WITHDRAWALS), delta)
    delta.write_sidecar()
    return delta


def write_withdrawals(table: pa.Table, delta: DeltaFile) -> None:
    """Writes these rows as the withdrawals beside a delta file."""
    with duckdb.connect() as connection:
        connection.register("withdrawn", table)
        withdrawals_file.write(connection, "withdrawn", delta.withdrawals_path)


def _names(home: Home, file_id: str, number: int) -> dict[str, Any]:
    """What a withdrawal calls an event: as it was frozen; made up where there is no such row."""
    names = ["dataset", "event_name", "source_key", "event_id"]
    path = home.delta / f"{file_id}.parquet"
    rows = pq.read_table(path, columns=names).to_pylist() if path.exists() else []
    made_up = {"dataset": "main", "event_name": "Purchase", "source_key": f"shop/orders/row{number}", "event_id": "row"}
    return {"destination": "meta", **(rows[number] if number < len(rows) else made_up)}


def judge(delta: DeltaFile, quarantined: Sequence[int] = (), closed: bool = False) -> Decision:
    """Writes the gate's file and its decision."""
    rows = pq.read_table(delta.path).to_pylist()
    judged = [
        {name: row[name] for name in GATE.names if name in row}
        | {
            "destination": "meta",
            "file_id": delta.file_id,
            "build_id": delta.build_id,
            "state": "quarantined" if row["row_number"] in quarantined else "gated",
            "reasons": ["made up"],
            "judged_at": NOW,
            "suite_version": "1",
        }
        for row in rows
        if closed or row["row_number"] in quarantined
    ]
    delta.gate_path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(judged, schema=GATE), delta.gate_path)
    decision = Decision(
        file_id=delta.file_id,
        file_sha256=delta.sha256,
        decision="closed" if closed else "open",
        suite_version="1",
        judged_at="2026-11-20T12:00:00.000000Z",
        rows=delta.rows,
        passed=delta.judged_rows - len(quarantined),
        quarantined=len(quarantined),
        past_expiry=delta.past_expiry,
        failures=(),
        data_docs="",
        gate_file_sha256=sha256_of(delta.gate_path),
        closing=closings.begun_by(delta, ()) if closed else "",
    )
    decisions.write(delta, decision)
    return decision


def hand_over(home: Home, rows: Sequence[Event], **options: Any) -> DeltaFile:
    """A delta file whose gate is open."""
    delta = freeze(home, rows, **options)
    judge(delta)
    return delta


def _record(number: int, row: Event, at: datetime) -> dict[str, Any]:
    expires_at = row.occurred_at + row.window
    return {
        "row_number": number,
        "source_key": row.source_key,
        "event_kind": row.kind,
        "event_name": "Purchase",
        "event_id": row.id,
        "dataset": row.dataset,
        "occurred_at": row.occurred_at,
        "committed_at": row.occurred_at,
        "landed_at": NOW,
        "frozen_at": at,
        "expires_at": expires_at,
        "expires_reason": "window",
        "value": Decimal("12.5"),
        "currency": "EUR",
        "payload": row.payload,
        "payload_digest": hashlib.sha256(row.payload.encode()).hexdigest(),
        "event_id_taken": False,
        "past_expiry": expires_at <= at,
    }
