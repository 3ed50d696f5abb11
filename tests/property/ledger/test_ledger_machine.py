"""Whatever deliverers, people and the platform do, and in whatever order: the ledger says what a plain model says."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ledger_model import ENDS, MOVES, Key, Model, Request, Row
from pydantic import SecretStr
from sqlalchemy import insert, select

from ledgers import LedgerServer
from waybill.delivery import queries, ranges, recovery, rests, schema, settlement, withdrawals
from waybill.delivery.claims import Claim, Claims
from waybill.delivery.leases import Leases
from waybill.delivery.ledger import Ledger
from waybill.delivery.payloads import FrozenRow, microseconds
from waybill.delivery.queries import HELD, BatchRow
from waybill.delivery.ranges import Ranges
from waybill.destinations.base import Accepted, Capabilities, Outcome, Partial, Receipt, Refused, Retry, Stop, Unknown
from waybill.home import Home

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LIMITS = Capabilities(batch_size=1000, request_bytes=10**6, dedup_window=timedelta(hours=48))
LEASE = 60
ANSWERS = ("accepted", "refused", "retry", "stop", "unknown", "partial")


class World:
    """The two clocks and the delta files: what the ledger asks of everything around it."""

    is_shared = True

    def __init__(self) -> None:
        self.now = START
        self.seconds = 0.0
        self.clock: Any = SimpleNamespace(now=lambda: self.now, fixed_at=None)
        self.expires: dict[Key, datetime] = {}

    def time(self, connection: Any) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def take(self, file_id: str, wanted: Ranges) -> list[FrozenRow]:
        return [
            FrozenRow(
                *(row, "website_purchase", "Purchase", f"{file_id}-{row}", f"s/o/{file_id}/{row}"),
                *(0, microseconds(self.expires[file_id, row]), "window", "{}"),
            )
            for row in ranges.rows(wanted)
        ]


class Deliverer:
    """One of several, with what it remembers: a queue that may be out of date."""

    def __init__(self, ledger: Ledger, world: World) -> None:
        self.leases = Leases(world, seconds=LEASE, elapsed=lambda: world.seconds)  # type: ignore[arg-type]
        self.claims = Claims(ledger, world, LIMITS, world.clock, leases=self.leases)  # type: ignore[arg-type]


class LedgerMachine(RuleBasedStateMachine):
    """Two deliverers, a person who withdraws, a platform with every answer, and time."""

    open_home: Callable[[], Home]
    remembered = Bundle("remembered")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.home = type(self).open_home()
        self.ledger = Ledger(self.home)
        self.world = World()
        self.model = Model()
        self.before: dict[Key, str] = {}
        self.files = 0
        self.builds = 0
        self.deliverers = [Deliverer(self.ledger, self.world) for _ in range(2)]
        self.answered: set[Key] = set()
        self.made: list[tuple[Claim, Request]] = []

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.home.root)

    @initialize(rows=st.integers(1, 12), size=st.integers(1, 5))
    def begin(self, rows: int, size: int) -> None:
        self.enrol(rows, size)

    @rule(rows=st.integers(1, 6), size=st.integers(1, 4))
    def enrol(self, rows: int, size: int) -> None:
        if self.files == 3:
            return
        after, self.files = f"meta/{self.files}" if self.files else "", self.files + 1
        file_id = f"meta/{self.files}"
        for number in range(rows):
            expires_at = self.world.now + timedelta(hours=(3, 50, 170)[number % 3])
            self.world.expires[file_id, number] = expires_at
            self.model.rows[file_id, number] = Row(expires_at)
        with self.ledger.transaction() as connection:
            connection.execute(insert(schema.files).values(**_file(file_id, after, rows, self.world.now)))
            for start in range(0, rows, size):
                held = ((start, min(start + size, rows)),)
                connection.execute(insert(schema.batches).values(**_batch(file_id, held, self.world.now)))

    @rule(target=remembered)
    def look(self) -> Any:
        """A deliverer reads what waits; by the time it claims, that may have changed."""
        with self.ledger.transaction() as connection:
            waiting = queries.batches_in(connection, "meta", *queries.WAITING)
        return multiple(*(batch for batch in waiting if not (batch.reason or "").startswith(HELD)))

    @rule(target=claims, who=st.integers(0, 1), batch=consumes(remembered))
    def claim(self, who: int, batch: BatchRow) -> Any:
        with self.ledger.transaction() as connection:
            is_known = queries.batch(connection, batch.batch_id) == batch
        claim = self.deliverers[who].claims.claim(batch)
        if not is_known:
            assert claim is None
            return multiple()
        keys = [(batch.file_id, row) for row in ranges.rows(batch.row_ranges)]
        until = self.world.time(None) + timedelta(seconds=LEASE)
        expected = self.model.claim(keys, self.world.now, until)
        assert isinstance(claim, Claim) == (expected is not None)
        if not isinstance(claim, Claim) or expected is None:
            return multiple()
        assert [(batch.file_id, row.row_number) for row in claim.rows] == expected.keys
        self.made.append((claim, expected))
        return (who, claim, expected)

    @rule(held=claims)
    def send(self, held: tuple[int, Claim, Request]) -> None:
        """The moment before the bytes leave: a lease that is good means that nobody else has the batch."""
        who, claim, request = held
        if request.is_ours and self.deliverers[who].leases.is_good(claim.lease):
            assert not self.answered & set(request.keys)
        elif not request.is_ours and request.lease_until <= self.world.time(None):
            assert not self.deliverers[who].leases.is_good(claim.lease)

    @rule(held=claims)
    def extend(self, held: tuple[int, Claim, Request]) -> None:
        who, claim, request = held
        with self.ledger.transaction() as connection:
            self.deliverers[who].leases.extend(connection, claim.batch, claim.lease)
        assert claim.lease.is_lost == (not request.is_ours)
        if request.is_ours:
            request.lease_until = self.world.time(None) + timedelta(seconds=LEASE)

    @rule(held=claims, kind=st.sampled_from(ANSWERS), data=st.data())
    def settle(self, held: tuple[int, Claim, Request], kind: str, data: st.DataObject) -> None:
        """Also of a claim that was settled before, or that somebody else has made."""
        self._settle(held[1], held[2], kind, data)

    def _settle(self, claim: Claim, request: Request, kind: str, data: st.DataObject) -> None:
        outcome = _outcome(kind, len(claim.rows), data)
        asked = data.draw(st.sampled_from([0, 2 * 3600])) if kind == "retry" else 0
        with self.ledger.transaction() as connection:
            if asked:
                rests.ask(connection, "meta", "main", asked, self.world.clock)
                until = self.world.now + timedelta(seconds=asked)
                self.model.rests_until = max(self.model.rests_until or until, until)
            settled = settlement.settle(
                connection, claim.batch, claim.rows, claim.attempt_id, outcome, self.world.now, None
            )
        assert settled.is_late == (not self.model.settle(request, outcome))
        if not settled.is_late:
            self.answered |= {key for key in request.keys if self.model.rows[key].state in ("accepted", "rejected")}

    @rule(seconds=st.sampled_from([20, 61]))
    def time_passes_for_leases(self, seconds: int) -> None:
        """A deliverer that crashed or stopped is one that does nothing while this happens."""
        self.world.seconds += seconds

    @rule(hours=st.sampled_from([1, 4, 47]))
    def time_passes(self, hours: int) -> None:
        self.world.now += timedelta(hours=hours)

    @rule()
    def recover(self) -> None:
        time = self.world.time(None)
        with self.ledger.transaction() as connection:
            before = len(queries.batches_in(connection, "meta", "sending"))
            recovery.recover(connection, "meta", self.world.now, time)
            after = len(queries.batches_in(connection, "meta", "sending"))
        assert before - after == self.model.take_away(time)

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self._withdraw(data.draw(st.lists(st.sampled_from(sorted(self.model.rows)), unique=True, max_size=3)))

    @precondition(lambda self: self.model.requests)
    @rule(data=st.data())
    def withdraw_what_is_being_sent(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.model.requests))
        self._withdraw([data.draw(st.sampled_from(request.keys))])

    @precondition(lambda self: self.model.requests)
    @rule(data=st.data(), kind=st.sampled_from(ANSWERS))
    def settle_what_is_being_sent(self, data: st.DataObject, kind: str) -> None:
        self._settle(*data.draw(st.sampled_from([held for held in self.made if held[1].is_ours])), kind, data)

    def _withdraw(self, keys: list[Key]) -> None:
        self.builds += 1
        own = [withdrawals.Withdrawal(*key, "main", "Purchase", "s/o", "id", "consent") for key in keys]
        build: Any = SimpleNamespace(destination="meta", build_id=f"build {self.builds}")
        for _ in range(2):  # once per build, however often it is asked for
            with self.ledger.transaction() as connection:
                withdrawals.apply(connection, build, withdrawals.Wanted(own), self.world.now)
        for key in keys:
            self.model.withdraw(key)

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        found: dict[Key, str] = {}
        with self.ledger.transaction() as connection:
            for number in range(1, self.files + 1):
                file_id = f"meta/{number}"
                overrides = queries.overrides(connection, file_id)
                for leaf in queries.leaf_batches(connection, file_id):
                    assert leaf.events == ranges.count(leaf.row_ranges)
                    assert leaf.state != "pending" or leaf.unknown_since is None
                    assert (leaf.lease_until is not None) == (leaf.state == "sending")
                    for row in ranges.rows(leaf.row_ranges):
                        assert (file_id, row) not in found  # in exactly one leaf
                        found[file_id, row] = overrides.get(row, leaf.state)
            query = select(schema.batches.c.state).join(schema.attempts).where(schema.attempts.c.outcome.is_(None))
            unanswered = list(connection.execute(query).scalars())
        assert found == {key: row.state for key, row in self.model.rows.items()}
        assert unanswered == ["sending"] * len(self.model.requests)
        self._moved(found)

    def _moved(self, found: dict[Key, str]) -> None:
        for key, state in found.items():
            was = self.before.get(key, "pending")
            assert was not in ENDS or state == was
            in_flight = self.model.rows[key].withdrawn_in_flight and was == "unknown"
            assert was == state or (was, state) in MOVES or in_flight, (key, was, state)
        self.before = found


def _file(file_id: str, after: str, rows: int, now: datetime) -> dict[str, Any]:
    return {
        **{"file_id": file_id, "destination": "meta", "build_id": file_id, "path": "p", "sha256": "0" * 64},
        **{"rows": rows, "enrolled_rows": rows, "quarantined_rows": 0, "frozen_at": now, "enrolled_at": now},
        **{"after_file_id": after, "suite_version": "1"},
    }


def _batch(file_id: str, held: Ranges, now: datetime) -> dict[str, Any]:
    return {
        **{"file_id": file_id, "destination": "meta", "dataset": "main", "row_ranges": held, "state": "pending"},
        **{"events": ranges.count(held), "expires_at": now},
    }


def _outcome(kind: str, size: int, data: st.DataObject) -> Outcome:
    receipt = Receipt()
    if kind == "partial":
        places = st.sets(st.integers(0, size - 1))
        rejected = data.draw(places)
        later = data.draw(places) - rejected
        return Partial("some", receipt, dict.fromkeys(rejected, "bad"), dict.fromkeys(later, "later"))
    made: dict[str, Outcome] = {
        "accepted": Accepted(receipt),
        "refused": Refused("code 100 subcode 2804003", receipt),
        "retry": Retry("code 2", receipt),
        "stop": Stop("code 190", receipt, "make a new token"),
        "unknown": Unknown("no answer", receipt),
    }
    return made[kind]


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 60), ("postgresql", 8)])
def test_the_ledger_says_what_a_plain_model_says(request: pytest.FixtureRequest, kind: str, examples: int) -> None:
    def open_home() -> Home:
        uri = None
        if kind == "postgresql":
            server = request.getfixturevalue("ledger_postgresql")
            assert isinstance(server, LedgerServer)
            uri = SecretStr(server.schema())
        return Home(Path(tempfile.mkdtemp(prefix="waybill-ledger-")), uri)

    machine = type("Machine", (LedgerMachine,), {"open_home": staticmethod(open_home)})
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=slow),
    )
