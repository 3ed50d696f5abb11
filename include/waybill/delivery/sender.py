"""Sending: several requests at once, every ledger write from one thread, intent before and receipt after each."""

import logging
import math
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial

from waybill.clock import Clock
from waybill.declared import Dataset, DestinationSettings
from waybill.delivery import pauses, rests, settlement, stopping
from waybill.delivery.claims import Claim, Claims, Rest
from waybill.delivery.doubts import Doubts
from waybill.delivery.leases import Leases
from waybill.delivery.ledger import Ledger
from waybill.delivery.newer import NewerBuilds
from waybill.delivery.payloads import microseconds
from waybill.delivery.queries import BatchRow
from waybill.delivery.queue import Queue
from waybill.delivery.report import Ended, Tally
from waybill.delivery.retry import RetryPolicy
from waybill.destinations.base import (
    Accepted,
    Batch,
    Destination,
    Outcome,
    Partial,
    Receipt,
    Retry,
    Stop,
    Unknown,
)

LOG = logging.getLogger(__name__)

_RECORD_SECONDS = 10.0
"""How long a run that ends tries to record answers that it knows."""


@dataclass(frozen=True)
class _Sent:
    claim: Claim
    at: float  # monotonic seconds


class Sender:
    """Sends what waits in the queue until nothing is left that this run may send."""

    def __init__(
        self,
        ledger: Ledger,
        adapter: Destination,
        settings: DestinationSettings,
        claims: Claims,
        clock: Clock,
        policy: RetryPolicy,
        tally: Tally,
        newer: NewerBuilds,
    ) -> None:
        self._ledger = ledger
        self._adapter = adapter
        self._datasets: Mapping[str, Dataset] = settings.datasets
        self._threads = settings.threads
        self._resend = settings.on_unknown == "resend"
        self._claims = claims
        self._leases: Leases = claims.leases
        self._clock = clock
        self._policy = policy
        self._newer = newer
        self._queue = Queue(policy)
        self._tally = tally
        self._doubts = Doubts(self._queue)
        self._in_flight: dict[Future[Outcome], _Sent] = {}
        self._watch = pauses.Watch()
        self.late = 0  # events whose answer came after another deliverer had taken them
        self.ended = Ended()

    def send(self, waiting: list[BatchRow]) -> None:
        """Sends these batches, and what becomes of them; ``ended`` says afterwards what was left and why.

        Whatever interrupts it, the answers of requests that are under way are waited for and recorded, as far as the
        ledger takes them: as long as their time-outs, or for some seconds when this process is told to stop.
        """
        now = self._clock.now()
        self._queue.add(batch for batch in waiting if self._has_dataset(batch) or batch.expires_at <= now)
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="waybill-send")
        try:
            while self._step(pool):
                pass
        except BaseException as error:
            told = stopping.is_told(error)
            self._wind_up(time.monotonic() + stopping.ANSWER_SECONDS if told else math.inf)
            pool.shutdown(wait=not told, cancel_futures=True)
            raise
        pool.shutdown()
        for dataset, stop in self._doubts.stops().items():
            self.ended.stopped.setdefault(dataset, stop)

    def _wind_up(self, until: float) -> None:
        """Records the answers under way, and keeps their leases until they come.

        Where answers are known and the ledger is away, it is waited for a little.
        """
        give_up: float | None = None
        while self._in_flight and (left := until - time.monotonic()) > 0:
            try:
                self._extend_leases()
                self._collect(left if left < math.inf else None)
            except Exception as error:  # the one that ends this run is on its way already
                known = sum(future.done() for future in self._in_flight)
                give_up = (give_up or time.monotonic() + _RECORD_SECONDS) if known else None
                if give_up is not None and time.monotonic() >= give_up:
                    LOG.warning("%s answers could not be recorded (%s)", known, type(error).__name__)
                    return
                time.sleep(_RECORD_SECONDS / 20)

    def _step(self, pool: ThreadPoolExecutor) -> bool:
        """Starts what may start, then waits for an answer or the end of a rest; False when nothing is left to do."""
        self._fill(pool)
        rest = self._queue.seconds()
        if self._in_flight:
            self._extend_leases()
            self._collect(rest if len(self._in_flight) < self._threads else None)
        elif rest is not None:
            time.sleep(rest)
        else:
            return False
        return True

    def _fill(self, pool: ThreadPoolExecutor) -> None:
        """Claims and starts requests until all threads are busy or nothing may be sent now."""
        while len(self._in_flight) < self._threads and (batch := self._queue.take()) is not None:
            self._newer.look()
            with stopping.undisturbed():
                claim = self._claims.claim(batch)
                if isinstance(claim, Rest):
                    self._leave_alone(batch, claim)
                elif claim is not None:
                    payloads = [row.payload for row in claim.rows]
                    future = pool.submit(self._request, claim, Batch(self._datasets[batch.dataset], payloads))
                    self._in_flight[future] = _Sent(claim, time.monotonic())
                    self._tally.requests += 1
                    self._tally.sent += len(payloads)

    def _leave_alone(self, batch: BatchRow, rest: Rest) -> None:
        """Waits with a dataset as another deliverer was asked to, or leaves it to a later run."""
        if not self._queue.failed(batch, time.monotonic(), rest.seconds, again=True):
            self.ended.unavailable[batch.dataset] = f"it asked to be left alone until {rest.until:%Y-%m-%d %H:%M} UTC"

    def _request(self, claim: Claim, batch: Batch) -> Outcome:
        """Sends, in a thread of its own, unless this process was held up for so long that its claim may be gone."""
        if not self._leases.is_good(claim.lease):
            return Retry("the lease ran out before the request, and nothing was sent", Receipt())
        return self._adapter.send(batch)

    def _extend_leases(self) -> None:
        """Keeps what is under way ours; each lease is extended when half of it is used up."""
        used = [sent for sent in self._in_flight.values() if self._leases.seconds_to_extend(sent.claim.lease) == 0.0]
        if used:
            with self._ledger.transaction() as connection:
                for sent in used:
                    self._leases.extend(connection, sent.claim.batch, sent.claim.lease)

    def _collect(self, seconds: float | None) -> None:
        """Settles what has an answer, after waiting for it ``seconds``, or until a lease wants to be extended."""
        waits = [seconds, *(self._leases.seconds_to_extend(sent.claim.lease) for sent in self._in_flight.values())]
        soonest = min((wait for wait in waits if wait is not None), default=None)
        done, _ = wait(self._in_flight, timeout=soonest, return_when=FIRST_COMPLETED)
        for future in done:
            sent = self._in_flight[future]
            error = future.exception()
            with stopping.undisturbed():
                if error is None:
                    self._settle(sent, future.result())
                else:  # a fault of the adapter: the request may have left
                    self._settle(sent, Unknown(f"the adapter failed ({type(error).__name__})", Receipt()))
                del self._in_flight[future]  # only what the ledger knows is forgotten here
            if error is not None:
                raise error

    def _settle(self, sent: _Sent, outcome: Outcome) -> None:
        batch, rows = sent.claim.batch, sent.claim.rows
        doubted = self._doubts.concern(batch, outcome)
        asked = outcome.after_seconds if isinstance(outcome, Retry | Unknown) else None
        now = self._clock.now()
        not_before, hopeless = None, ""
        if isinstance(outcome, Retry | Unknown):
            not_before = now + self._policy.rest(batch.attempts, asked, self._claims.time_left(sent.claim, now))
        with self._ledger.transaction() as connection:
            if asked:
                rests.ask(connection, batch.destination, batch.dataset, asked, self._clock)
            settled = settlement.settle(
                connection, batch, rows, sent.claim.attempt_id, outcome, now, not_before, keep=doubted
            )
            if seen := self._watch.answered(batch, len(rows), len(settled.accepted), settled.rejected):
                hopeless = pauses.pause_itself(connection, batch.destination, seen, outcome.reason, now)
        self._count(outcome, settled, microseconds(now))
        if settled.is_late:
            self.late += len(rows)
            LOG.warning("an answer (%s) came after batch %s had been taken away", outcome.name, batch.batch_id)
        elif hopeless:
            self._stop(batch.dataset, Stop(hopeless, outcome.receipt, pauses.advice(batch.destination)))
        else:
            self._follow(sent, outcome, settled, asked, doubted=doubted and len(rows) == 1)

    def _count(self, outcome: Outcome, settled: settlement.Settled, now: int) -> None:
        self._tally.accepted += len(settled.accepted)
        self._tally.rejected += settled.rejected
        self._tally.unclassified += int(getattr(outcome, "unclassified", False))
        self._tally.lags.extend((now - row.occurred_at) / 1e6 for row in settled.accepted)
        if not isinstance(outcome, Accepted) or outcome.reason:
            trace = outcome.receipt.trace_id or "none"
            LOG.info("an answer was %s: %s (trace id %s)", outcome.name, outcome.reason, trace)

    def _follow(
        self, sent: _Sent, outcome: Outcome, settled: settlement.Settled, asked: float | None, *, doubted: bool
    ) -> None:
        """Decides what is sent next after an outcome."""
        dataset = sent.claim.batch.dataset
        if isinstance(outcome, Stop):
            self._stop(dataset, outcome)
        elif isinstance(outcome, Retry | Unknown):
            self._try_again(sent, outcome, settled.waiting[0], asked)
        elif doubted:
            self._doubts.keep(dataset, settled.waiting, outcome.reason)
        else:
            self._queue.answered(dataset)
            if isinstance(outcome, Partial):
                for child in settled.waiting:
                    self._try_again(sent, outcome, child, None)
            else:
                self._queue.add(settled.waiting)
            if settled.rejected and self._watch.looks_elsewhere(sent.claim.batch):
                self._queue.bring_forward(dataset, partial(self._watch.is_of_one_whole, sent.claim.batch))
            if settled.accepted:
                self._doubts.end(dataset)

    def _try_again(self, sent: _Sent, outcome: Retry | Unknown | Partial, batch: BatchRow, asked: float | None) -> None:
        again = self._resend or not isinstance(outcome, Unknown)
        # In this run the queue says when to try again; ``not_before`` is for the next ones.
        queued = self._queue.failed(replace(batch, not_before=None), sent.at, asked, again=again)
        if (again and not queued) or self._queue.is_closed(batch.dataset):
            self.ended.unavailable[batch.dataset] = outcome.reason
            if isinstance(outcome, Retry) and outcome.throttled:
                self._let_rest(sent.claim)

    def _let_rest(self, claim: Claim) -> None:
        """Leaves the whole dataset of a batch alone for our own rest; a longer one that was asked for stays."""
        now = self._clock.now()
        rest = self._policy.rest(claim.batch.attempts, None, self._claims.time_left(claim, now))
        with self._ledger.transaction() as connection:
            rests.ask(connection, claim.batch.destination, claim.batch.dataset, rest.total_seconds(), self._clock)

    def _stop(self, dataset: str, stop: Stop) -> None:
        self.ended.stopped.setdefault(dataset, stop)
        self._queue.close(dataset)

    def _has_dataset(self, batch: BatchRow) -> bool:
        if batch.dataset in self._datasets:
            return True
        advice = (
            f"give the dataset {batch.dataset!r} an id and a token, or take its rows out of the queue (`waybill ledger "
            f"withdraw --all --destination {batch.destination} --dataset {batch.dataset} --because …`)"
        )
        self.ended.stopped.setdefault(batch.dataset, Stop("the settings have no such dataset", Receipt(), advice))
        return False
