"""The delivery marts over what was published: nothing yet, then a file whose batch was split and answered late."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dbt_home import DbtHome
from dbt_story import Story

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(story: Story) -> DbtHome:
    """The story's home with five enrolled events: accepted, accepted after an unknown, rejected, withdrawn, pending."""
    home = story.home
    home.publish_nothing()
    home.dbt("build", "--select", "tag:delivery")
    assert home.query("select count(*) as n from delivery.fct_deliveries") == [{"n": 0}]
    _publish_one_file(home)
    home.dbt("build", "--select", "tag:delivery")
    return home


def test_an_event_is_where_its_exception_or_its_leaf_batch_says(home: DbtHome) -> None:
    rows = home.query(
        "select source_key, state, reason, attempts, is_possibly_twice from delivery.fct_deliveries order by 1"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("k0", "accepted", None, 3, True),
        ("k1", "accepted", None, 3, True),
        ("k2", "rejected", "100/2804050", 3, True),
        ("k3", "withdrawn", "consent", 0, False),
        ("k4", "pending", None, 0, False),
    ]


def test_lag_is_measured_for_accepted_and_for_open_events(home: DbtHome) -> None:
    rows = home.query("select * from delivery.fct_delivery_lag order by source_key")
    assert [(row["source_key"], row["is_open"]) for row in rows] == [
        ("k0", False),
        ("k1", False),
        ("k4", True),
        ("k7", True),
    ]
    stages = ("source", "extract", "build", "queue", "delivery", "total")
    assert [rows[0][f"{stage}_seconds"] for stage in stages] == [60, 120, 300, 60, 240, 780]
    assert rows[2]["queue_seconds"] > 0, "an event that waits has waited until the newest recorded moment"


def test_what_is_quarantined_is_listed_with_its_reasons_and_since_when(home: DbtHome) -> None:
    rows = home.query(
        "select source_key, event_id, reasons, first_seen, judged_at, file_id from delivery.rpt_quarantined order by 1"
    )
    later = NOON + timedelta(hours=1)
    assert [tuple(row.values()) for row in rows] == [
        ("k5", "e5", ["em_not_sha256", "value_missing"], NOON, later, "meta/b2"),
        ("k6", "row 6", ["event_id_is_contact_data"], later, later, "meta/b2"),
    ]


def test_the_daily_report_adds_up(home: DbtHome) -> None:
    [day] = home.query("select * from delivery.rpt_delivery_daily")
    assert day["enrolled"] == 5
    assert (day["accepted"], day["rejected"], day["withdrawn"], day["pending"], day["possibly_twice"]) == (
        2,
        1,
        1,
        1,
        3,
    )
    assert (day["lag_seconds_p50"], day["lag_seconds_max"]) == (780, 780)


def test_identifier_coverage_counts_conversions(home: DbtHome) -> None:
    [counted] = home.query("select sum(events) as events, sum(with_em) as with_em from marts.rpt_identifier_coverage")
    [events] = home.query("select count(*) as events, count(em) as with_em from marts.fct_conversion_events")
    assert counted == events


def _publish_one_file(home: DbtHome) -> None:
    times = {
        "occurred_at": NOON,
        "committed_at": NOON + timedelta(seconds=60),
        "landed_at": NOON + timedelta(seconds=180),
        "expires_at": NOON + timedelta(days=7),
    }
    names: dict[str, Any] = {
        "destination": "meta",
        "dataset": "main",
        "event_kind": "website_purchase",
        "event_name": "Purchase",
    }
    frozen_at = NOON + timedelta(seconds=480)
    settled_at = NOON + timedelta(seconds=780)
    claimed_at = NOON + timedelta(seconds=540)
    keys = [
        {
            **names,
            **times,
            "file_id": "meta/b1",
            "row_number": row,
            "source_key": f"k{row}",
            "event_id": f"e{row}",
            "frozen_at": frozen_at,
        }
        for row in range(5)
    ]
    home.publish("delivery/keys/meta/b1", keys, like="delivery/keys/meta/_empty")
    # As folding leaves it for a while: the same keys in both files, and they count once.
    home.publish("delivery/keys/meta/folded-00000001", keys, like="delivery/keys/meta/_empty")
    home.publish(
        "candidates/meta/b1",
        [
            {
                **names,
                **times,
                "source_key": f"k{row}",
                "event_id": f"e{row}",
                "source": "shop",
                "entity": "orders",
                "entity_key": f"k{row}",
                "part": "",
                "payload_digest": f"d{row}",
                "verdict": "sendable",
                "reasons": [],
                "build_seq": 1,
                "removed": False,
            }
            for row in range(8)
        ],
        like="candidates/meta/_empty",
    )
    # Two rows are refused as they are; a third has been mended since, and so waits for its next delta file.
    refused = {**names, "state": "quarantined", "judged_at": NOON + timedelta(hours=1)}
    refused |= {"file_id": "meta/b2", "build_id": "b2"}
    home.publish(
        "gate/meta/b2",
        [
            {
                **refused,
                "source_key": "k5",
                "event_id": "e5",
                "payload_digest": "d5",
                "reasons": ["em_not_sha256", "value_missing"],
                "first_seen": NOON,
            },
            {
                **refused,
                "source_key": "k6",
                "event_id": "row 6",
                "payload_digest": "d6",
                "reasons": ["event_id_is_contact_data"],
            },
            {
                **refused,
                "source_key": "k7",
                "event_id": "e7",
                "payload_digest": "before",
                "reasons": ["value_missing"],
            },
        ],
        like="gate/meta/_empty",
    )
    file = {"file_id": "meta/b1", "destination": "meta", "build_id": "b1", "rows": 5, "enrolled_rows": 5}
    home.publish("delivery/ledger/files", [{**file, "quarantined_rows": 0, "enrolled_at": frozen_at}])
    batch = {"file_id": "meta/b1", "destination": "meta", "dataset": "main"}
    done = {"claimed_at": claimed_at, "settled_at": settled_at}
    home.publish(
        "delivery/ledger/batches",
        [
            {**batch, "batch_id": 1, "row_ranges": "[[0, 3]]", "events": 3, "state": "split", **done},
            {
                **batch,
                "batch_id": 2,
                "row_ranges": "[[0, 2]]",
                "events": 2,
                "state": "accepted",
                "parent_batch_id": 1,
                **done,
            },
            {
                **batch,
                "batch_id": 3,
                "row_ranges": "[[2, 3]]",
                "events": 1,
                "state": "rejected",
                "parent_batch_id": 1,
                **done,
            },
            {**batch, "batch_id": 4, "row_ranges": "[[3, 5]]", "events": 2, "state": "pending"},
        ],
    )
    home.publish(
        "delivery/ledger/attempts",
        [
            {"attempt_id": 1, "batch_id": 1, "started_at": claimed_at, "outcome": "unknown"},
            {"attempt_id": 2, "batch_id": 1, "started_at": claimed_at, "outcome": "refused"},
            {"attempt_id": 3, "batch_id": 2, "started_at": claimed_at, "outcome": "accepted"},
            {"attempt_id": 4, "batch_id": 3, "started_at": claimed_at, "outcome": "refused"},
        ],
    )
    home.publish(
        "delivery/ledger/exceptions",
        [
            {
                **batch,
                "exception_id": 1,
                "batch_id": 3,
                "row_number": 2,
                "source_key": "k2",
                "state": "rejected",
                "reason": "100/2804050",
            },
            {
                **batch,
                "exception_id": 2,
                "batch_id": 4,
                "row_number": 3,
                "source_key": "k3",
                "state": "withdrawn",
                "reason": "consent",
            },
        ],
    )
