"""Whatever the platform answers, and in whatever order: no row is lost, none is held twice, and no end changes."""

import itertools
import math
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from waybill.clock import Clock
from waybill.delivery import isolation, queries, ranges, schema, settlement
from waybill.delivery.claims import Claims
from waybill.delivery.ledger import Ledger
from waybill.delivery.payloads import FrozenRow, microseconds
from waybill.delivery.ranges import Ranges
from waybill.destinations.base import Accepted, Capabilities, Outcome, Partial, Receipt, Refused, Retry, Stop, Unknown
from waybill.home import Home

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LIMITS = Capabilities(batch_size=1000, request_bytes=10**6, dedup_window=timedelta(hours=48))
WHERE = {"file_id": "meta/1", "destination": "meta"}


class Rows:
    """Delta file rows, made up as they are asked for; some expire at once."""

    def __init__(self, expired: set[int]) -> None:
        self.expired = expired

    def take(self, file_id: str, wanted: Ranges) -> list[FrozenRow]:
        return [self.row(number) for number in ranges.rows(wanted)]

    def row(self, number: int) -> FrozenRow:
        expires_at = microseconds(NOW - timedelta(1) if number in self.expired else NOW + timedelta(days=1))
        return FrozenRow(
            number, "website_purchase", "Purchase", f"p{number}", f"s/o/{number}", 0, expires_at, "window", "{}"
        )


def outcome(kind: str, size: int, draw: st.DrawFn) -> Outcome:
    receipt = Receipt()
    if kind == "partial":
        places = st.sets(st.integers(0, size - 1))
        rejected = draw(places)
        return Partial("some", receipt, {p: "bad" for p in rejected}, {p: "later" for p in draw(places) - rejected})
    made: dict[str, Outcome] = {
        "accepted": Accepted(receipt),
        "refused": Refused("code 100 subcode 2804003", receipt),
        "retry": Retry("code 2", receipt),
        "unknown": Unknown("no answer", receipt),
        "stop": Stop("code 190", receipt, "make a new token"),
    }
    return made[kind]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_leaf_batches_hold_each_enrolled_row_once(data: st.DataObject) -> None:
    enrolled = sorted(data.draw(st.sets(st.integers(0, 60), min_size=1)))
    expired = data.draw(st.sets(st.sampled_from(enrolled), max_size=3))
    cuts = data.draw(st.integers(1, 20))
    with tempfile.TemporaryDirectory() as folder, Ledger(Home(Path(folder))) as ledger:
        enrol(ledger, [enrolled[at : at + cuts] for at in range(0, len(enrolled), cuts)])
        claims = Claims(ledger, Rows(expired), LIMITS, Clock(NOW))
        ended: dict[int, str] = {}
        for _ in range(data.draw(st.integers(1, 25))):
            with ledger.transaction() as connection:
                waiting = queries.batches_in(connection, "meta", *queries.WAITING)
            if not waiting:
                break
            claim = claims.claim(data.draw(st.sampled_from(waiting)))
            if claim is not None:
                kinds = ["accepted", "refused", "refused", "partial", "retry", "unknown", "stop"]
                answer = outcome(data.draw(st.sampled_from(kinds)), len(claim.rows), data.draw)
                with ledger.transaction() as connection:
                    settlement.settle(connection, claim.batch, claim.rows, claim.attempt_id, answer, NOW, None)
            ended = check(ledger, enrolled, expired, ended)


def enrol(ledger: Ledger, batches: list[list[int]]) -> None:
    count = sum(map(len, batches))
    with ledger.transaction() as connection:
        connection.execute(
            insert(schema.files).values(
                **WHERE,
                build_id="1",
                path="delta/meta/1.parquet",
                sha256="0" * 64,
                rows=count,
                enrolled_rows=count,
                quarantined_rows=0,
                frozen_at=NOW,
                enrolled_at=NOW,
                after_file_id="",
                suite_version="1",
            )
        )
        for rows in batches:
            connection.execute(
                insert(schema.batches).values(
                    **WHERE,
                    dataset="main",
                    row_ranges=ranges.of_rows(rows),
                    events=len(rows),
                    state="pending",
                    expires_at=NOW + timedelta(days=1),
                )
            )


def check(ledger: Ledger, enrolled: list[int], expired: set[int], before: dict[int, str]) -> dict[int, str]:
    """The law after every step; returns the rows that have ended, which must keep their end."""
    with ledger.transaction() as connection:
        leaves = queries.leaf_batches(connection, "meta/1")
        overrides = queries.overrides(connection, "meta/1")
    held = sorted(row for leaf in leaves for row in ranges.rows(leaf.row_ranges))
    assert held == enrolled
    assert all(leaf.events == ranges.count(leaf.row_ranges) for leaf in leaves)
    states = {row: overrides.get(row, leaf.state) for leaf in leaves for row in ranges.rows(leaf.row_ranges)}
    assert all(leaf.unknown_since is None or leaf.state != "pending" for leaf in leaves)
    assert all(overrides[row] == "rejected" for row, state in states.items() if state == "rejected")
    assert not any(states[row] in ("accepted", "rejected") for row in expired)
    ends = {row: state for row, state in states.items() if state not in ("pending", "unknown", "sending")}
    assert before.items() <= ends.items()
    return ends


@given(size=st.integers(1, 400), data=st.data())
def test_bisection_finds_exactly_the_bad_ones_within_its_budget(size: int, data: st.DataObject) -> None:
    bad = data.draw(st.sets(st.integers(0, size - 1), max_size=8))
    open_parts: list[Ranges] = [((0, size),)]
    rejected, accepted, calls = [], [], 0
    while open_parts:
        part = open_parts.pop()
        rows = list(ranges.rows(part))
        calls += 1
        if not bad & set(rows):
            accepted += rows
        elif len(rows) == 1:
            rejected += rows
        else:
            open_parts += isolation.halves(part, rows)
    assert set(rejected) == bad
    assert sorted(rejected + accepted) == list(range(size))
    assert calls <= 2 * len(bad) * math.ceil(math.log2(size)) + 2 if size > 1 else calls == 1


@given(rows=st.sets(st.integers(0, 300)), at=st.integers(0, 300))
def test_ranges_are_sets(rows: set[int], at: int) -> None:
    held = ranges.of_rows(sorted(rows))
    below, others = ranges.cut(held, at)
    assert list(ranges.rows(held)) == sorted(rows)
    assert set(ranges.rows(below)) == {row for row in rows if row < at}
    assert set(ranges.rows(others)) == {row for row in rows if row >= at}
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(held))
