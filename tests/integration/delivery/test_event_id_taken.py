"""An event_id names one conversion: the first keeps it, in one build and in all that follow."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

import duckdb
import pytest
from office import Office
from outbox import LATER, NOW, judge

from waybill.delta import DeltaFile
from waybill.quality.gate import ensure_empty
from waybill.thresholds import Thresholds
from waybill.warehouse.freeze import freeze

FIRST = "20261120T120000000000Z"

Row = tuple[str, str, str, str, int]
"""Source key, event kind, event name, event_id, minutes before now."""


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema destinations")
        yield connection


def built(
    office: Office, warehouse: duckdb.DuckDBPyConnection, build_id: str, rows: Sequence[Row]
) -> tuple[DeltaFile, dict[str, bool]]:
    """Freezes these sendable events; gives whether each one's id was taken, by source key."""
    warehouse.execute(
        "create or replace table destinations.meta_events (source_key varchar, event_kind varchar, event_name varchar,"
        " event_id varchar, dataset varchar, occurred_at timestamptz, committed_at timestamptz, landed_at timestamptz,"
        " expires_at timestamptz, expires_reason varchar, value decimal(18, 4), currency varchar, payload varchar,"
        " payload_digest varchar, verdict varchar, reasons varchar[], build_seq bigint, consent_limits varchar)"
    )
    for key, kind, name, event_id, minutes in rows:
        at = NOW - timedelta(minutes=minutes)
        payload = json.dumps(
            {
                "event_name": name,
                "event_time": int(at.timestamp()),
                "event_id": event_id,
                "action_source": "website",
                "event_source_url": "https://shop.example.com/",
                "user_data": {"em": ["a" * 64]},
                "custom_data": {"value": 1, "currency": "EUR"},
            }
        )
        warehouse.execute(
            "insert into destinations.meta_events select $1, $2, $3, $4, 'main', $5, $5, $5, $6, 'window', 1, 'EUR',"
            " $7, sha256($7), 'sendable', [], 1, null",
            [key, kind, name, event_id, at, at + timedelta(days=6), payload],
        )
    delta = freeze(warehouse, office.home, "meta", build_id, 0, NOW, Thresholds()).delta
    frozen = duckdb.sql(f"select source_key, event_id_taken from read_parquet('{delta.path}')").fetchall()
    return delta, dict(frozen)


def test_the_first_conversion_keeps_the_id_and_later_builds_cannot_take_it(
    office: Office, warehouse: duckdb.DuckDBPyConnection
) -> None:
    ensure_empty(office.home, "meta")
    rows: list[Row] = [
        ("shop/orders/second", "website_purchase", "Purchase", "shared", 10),
        ("shop/orders/first", "phone_call_purchase", "Purchase", "shared", 20),
        ("shop/leads/other-name", "website_lead", "Lead", "shared", 5),
    ]
    delta, taken = built(office, warehouse, FIRST, rows)
    assert taken == {"shop/orders/first": False, "shop/orders/second": True, "shop/leads/other-name": False}

    refused = duckdb.sql(f"select row_number from read_parquet('{delta.path}') where event_id_taken").fetchall()
    judge(delta, quarantined=[row for (row,) in refused])
    office.deliver()

    # It landed late and happened before the one that was sent: that one keeps the id all the same.
    late: Row = ("shop/orders/late", "website_purchase", "Purchase", "shared", 60)
    _, taken = built(office, warehouse, LATER, [*rows, late])
    assert taken["shop/orders/late"] is True
    assert "shop/orders/first" not in taken
