"""Who lost a batch can neither send nor settle it, and what its answer said is kept all the same."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from office import FILE_ONLY, Office
from outbox import LATER, NOW, events, freeze, hand_over
from scripted import Reply, Scripted, accepted

from waybill.clock import Clock
from waybill.delivery import enrolment, queries, recovery, sender, settlement, withdrawals
from waybill.delivery.claims import Claim, Claims
from waybill.delivery.keys import ensure_keys
from waybill.delivery.leases import Leases
from waybill.delivery.ledger import Ledger
from waybill.delivery.payloads import OpenFiles
from waybill.delivery.settlement import Settled
from waybill.destinations.base import Accepted, Capabilities, Outcome, Partial, Receipt, Refused, Retry, Stop, Unknown
from waybill.errors import DestinationUnavailable, LedgerConflict

LIMITS = Capabilities(batch_size=1000, request_bytes=10**6, dedup_window=timedelta(hours=48))
YES = Accepted(Receipt(http_status=200, trace_id="Alate", events_received=3))


class Deliverer:
    """One who claims and settles by hand; ``seconds`` is its own sense of time."""

    def __init__(self, office: Office, ledger: Ledger) -> None:
        files = OpenFiles(office.home)
        files.verify(ledger.enrolled_files("meta"))
        self.seconds = 0.0
        self.leases = Leases(ledger.place, seconds=60, elapsed=lambda: self.seconds)
        self.ledger = ledger
        self._claims = Claims(ledger, files, LIMITS, Clock(NOW), leases=self.leases)

    def claim(self) -> Claim:
        claim = self.try_to_claim(self.waiting())
        assert claim is not None
        return claim

    def waiting(self) -> queries.BatchRow:
        with self.ledger.transaction() as connection:
            return queries.batches_in(connection, "meta", *queries.WAITING)[0]

    def try_to_claim(self, batch: queries.BatchRow) -> Claim | None:
        return self._claims.claim(batch)

    def settle(self, claim: Claim, outcome: Outcome) -> Settled:
        with self.ledger.transaction() as connection:
            return settlement.settle(connection, claim.batch, claim.rows, claim.attempt_id, outcome, NOW, None)


@pytest.fixture
def make_deliverer(office: Office) -> Iterator[Callable[[], Deliverer]]:
    """Makes deliverers of three enrolled events, each with the ledger opened for itself."""
    delta = hand_over(office.home, events(3))
    opened = [Ledger(office.home)]
    ensure_keys(office.home, opened[0])
    plan = enrolment.plan(office.home, delta, [], 1000, 10**6, NOW)
    assert isinstance(plan, enrolment.Plan)
    with opened[0].transaction() as connection:
        assert enrolment.enrol(connection, office.home, plan, NOW)
        assert not enrolment.enrol(connection, office.home, plan, NOW)  # somebody was faster

    def make() -> Deliverer:
        opened.append(Ledger(office.home))
        return Deliverer(office, opened[-1])

    yield make
    for ledger in opened:
        ledger.close()


def take_over(deliverer: Deliverer) -> int:
    """What a delivery does first, an hour after the leases of all others."""
    with deliverer.ledger.transaction() as connection:
        later = deliverer.ledger.place.time(connection) + timedelta(hours=1)
        return recovery.recover(connection, "meta", NOW, later)


def test_a_batch_is_claimed_once(office: Office, make_deliverer: Callable[[], Deliverer]) -> None:
    first, second = make_deliverer(), make_deliverer()
    waiting = second.waiting()
    claim = first.claim()

    assert second.try_to_claim(waiting) is None
    assert office.rows("select state, lease_token, lease_owner from batches") == [("sending", 1, first.leases.owner)]
    assert first.settle(claim, YES).accepted
    assert second.try_to_claim(waiting) is None
    assert office.rows("select state, lease_owner, lease_until from batches") == [("accepted", None, None)]


def test_nobody_is_taken_over_before_the_lease_has_run_out(make_deliverer: Callable[[], Deliverer]) -> None:
    first, second = make_deliverer(), make_deliverer()
    first.claim()
    with second.ledger.transaction() as connection:
        now = second.ledger.place.time(connection)
        assert recovery.recover(connection, "meta", NOW, now) == 0
        assert recovery.recover(connection, "meta", NOW, now + timedelta(seconds=55)) == 0
        assert recovery.recover(connection, "meta", NOW, now + timedelta(seconds=65)) == 3


@pytest.mark.parametrize("again", [False, True], ids=["taken away", "and claimed again"])
def test_who_was_taken_over_can_neither_send_nor_settle(
    office: Office, make_deliverer: Callable[[], Deliverer], again: bool
) -> None:
    first, second = make_deliverer(), make_deliverer()
    old = first.claim()
    assert take_over(second) == 3
    new = second.claim() if again else None
    before = office.rows("select * from batches")

    with first.ledger.transaction() as connection:
        first.leases.extend(connection, old.batch, old.lease)
    assert not first.leases.is_good(old.lease)
    assert first.settle(old, YES) == Settled(is_late=True)
    with pytest.raises(LedgerConflict, match="token 1"), first.ledger.transaction() as connection:
        settlement.finish(connection, old.batch, "accepted", None, NOW)

    assert office.rows("select * from batches") == before
    assert office.rows("select outcome, reason, http_status, trace_id from attempts order by attempt_id limit 1") == [
        ("unknown", "the lease ran out before the answer; the answer came late: accepted", 200, "Alate")
    ]
    if new:
        assert second.settle(new, YES).accepted
        assert office.rows("select state, lease_token from batches") == [("accepted", 3)]


def test_a_known_answer_counts_while_nobody_has_taken_the_batch(make_deliverer: Callable[[], Deliverer]) -> None:
    deliverer = make_deliverer()
    claim = deliverer.claim()
    deliverer.seconds += 3600

    assert not deliverer.leases.is_good(claim.lease)
    assert deliverer.settle(claim, YES).accepted


def test_a_lease_is_extended_before_it_runs_out(office: Office, make_deliverer: Callable[[], Deliverer]) -> None:
    deliverer = make_deliverer()
    claim = deliverer.claim()
    [(until,)] = office.rows("select lease_until from batches")
    assert deliverer.leases.seconds_to_extend(claim.lease) == 30
    deliverer.seconds = 45
    assert deliverer.leases.seconds_to_extend(claim.lease) == 0
    with deliverer.ledger.transaction() as connection:
        deliverer.leases.extend(connection, claim.batch, claim.lease)
    deliverer.seconds = 104
    assert deliverer.leases.is_good(claim.lease)
    assert office.rows("select lease_until from batches") > [(until,)]


def test_a_delivery_that_is_held_up_after_its_claim_sends_nothing(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(2))

    with pytest.raises(DestinationUnavailable, match="nothing was sent"):
        scripted_office.deliver(lease_seconds=0)

    assert platform.calls == []
    assert scripted_office.states() == {"pending": 2}
    assert scripted_office.deliver().accepted == 2


@FILE_ONLY
def test_a_run_that_failed_keeps_its_leases_until_the_answers_come(
    scripted_office: Office, platform: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over(scripted_office.home, events(2))
    held, waits, real = threading.Event(), [], sender.wait
    platform.script = lambda call: Reply(accepted(call).status, accepted(call).body, hold=held)

    def failing(*arguments: Any, **options: Any) -> Any:
        waits.append(options)
        if len(waits) == 1:
            raise RuntimeError("something else failed")
        return real(*arguments, **options)

    monkeypatch.setattr(sender, "wait", failing)
    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(scripted_office.deliver, lease_seconds=2)
        assert platform.arrived.wait(60)
        now = before = scripted_office.rows("select lease_until from batches")
        give_up = time.monotonic() + 30
        while before == now and time.monotonic() < give_up:
            time.sleep(0.1)
            now = scripted_office.rows("select lease_until from batches")
        held.set()
        with pytest.raises(RuntimeError):
            delivery.result()

    assert now > before
    assert len(waits) < 100  # it waits, and does not ask all the time
    assert scripted_office.states() == {"accepted": 2}


@pytest.mark.parametrize(
    ("outcome", "states"),
    [
        (YES, {"accepted": 3}),
        (Retry("code 2", Receipt()), {"pending": 2, "withdrawn": 1}),
        (Stop("code 190", Receipt(), "make a new token"), {"pending": 2, "withdrawn": 1}),
        (Refused("code 100", Receipt()), {"pending": 2, "withdrawn": 1}),
        (Unknown("no answer", Receipt()), {"unknown": 3}),
        (Partial("some", Receipt(), {1: "bad"}, {0: "later"}), {"pending": 1, "rejected": 1, "accepted": 1}),
        (Partial("some", Receipt(), {}, {1: "later"}), {"accepted": 2, "withdrawn": 1}),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_is_withdrawn_while_it_is_being_sent_is_never_sent_again(
    office: Office, make_deliverer: Callable[[], Deliverer], outcome: Outcome, states: dict[str, int]
) -> None:
    first, second = make_deliverer(), make_deliverer()
    claim = first.claim()
    file_id = claim.batch.file_id
    newer = freeze(office.home, [], build=LATER, after=file_id, withdrawals=[(file_id, 1, "consent")])
    with second.ledger.transaction() as connection:
        assert withdrawals.apply(connection, newer, withdrawals.Wanted(withdrawals.read(newer)), NOW) == 0
    assert office.states() == {"sending": 2, "unknown": 1}

    first.settle(claim, outcome)

    assert office.states() == states
    if {"pending", "unknown"} & states.keys():
        assert 1 not in {row.row_number for row in first.claim().rows}
