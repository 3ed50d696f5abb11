"""One delivery to one destination: recover, withdraw, enrol, send, publish."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from waybill import delta, tombstones
from waybill.declared import DestinationSettings
from waybill.delivery import (
    caps,
    database,
    deadlines,
    enrolment,
    entries,
    pauses,
    queries,
    recovery,
    rests,
    settlement,
    shadow,
    withdrawals,
)
from waybill.delivery.claims import Claims
from waybill.delivery.keys import ensure_keys
from waybill.delivery.leases import LEASE_SECONDS, Leases
from waybill.delivery.ledger import Ledger
from waybill.delivery.newer import NewerBuilds
from waybill.delivery.payloads import OpenFiles
from waybill.delivery.publish import publish
from waybill.delivery.queries import BatchRow
from waybill.delivery.report import DeliveryReport, Ended, Tally, open_events, report
from waybill.delivery.retry import RetryPolicy
from waybill.delivery.sender import Sender
from waybill.destinations import registry
from waybill.destinations.base import Capabilities
from waybill.errors import ConfigurationError, DestinationUnavailable, LedgerConflict
from waybill.files import locked
from waybill.home import Home
from waybill.settings import Settings

LOG = logging.getLogger(__name__)

DEFAULT_POLICY = RetryPolicy()


def deliver(
    settings: Settings,
    destination: str,
    *,
    policy: RetryPolicy = DEFAULT_POLICY,
    lease_seconds: float = LEASE_SECONDS,
) -> DeliveryReport:
    """Delivers what waits for one destination, after enrolling the newest delta file if its gate is open.

    Where the ledger is a file, one deliverer works at a time: a second one says so in its report and leaves. Where it
    is on a server, several share the work, batch by batch. Raises ConfigurationError when the platform
    wants a person first (token, permission, version), DestinationUnavailable when it cannot take events now,
    SourceUnavailable when the ledger is away, LedgerConflict when a file or the ledger contradicts the other; the
    queue is kept in every case.
    """
    target = settings.sendable_destination(destination)
    adapter = registry.create(destination, target)
    settings.home.create()
    tombstones.refuse_unfinished(settings.home)
    started_at = settings.clock.now()
    if target.mode == "shadow":
        done = shadow.rehearse(settings, destination, target, adapter.capabilities)
        publish(settings)
        LOG.info("delivered nothing to %s, in the shadow: %s", destination, done.counts())
        return done
    with _admitted(settings.home, destination) as admitted:
        if not admitted:
            note = f"another delivery to {destination} is running on {settings.home.root}; this one did nothing"
            return report(destination, started_at, settings.clock.now(), Tally(notes=[note]), {})
        with Ledger(settings.home) as ledger:
            tally, files = Tally(), OpenFiles(settings.home)
            build_id = _prepare(settings, destination, target, adapter.capabilities, ledger, files, tally)
            leases = Leases(ledger.place, seconds=lease_seconds)
            claims = Claims(
                ledger, files, adapter.capabilities, settings.clock, target.daily_cap, leases, target.datasets.keys()
            )
            newer = NewerBuilds(settings.home, destination, ledger, settings.clock, tally, build_id)
            sender = Sender(ledger, adapter, target, claims, settings.clock, policy, tally, newer)
            due = _due(ledger, destination, target, settings, tally)
            sender.send([batch for batch in due if files.hold(batch.file_id)])
            if sender.late:
                tally.notes.append(
                    f"the answers to {sender.late} events came after another delivery had taken them over; they are "
                    "kept with their attempts, and change nothing"
                )
            done = _conclude(settings, destination, ledger, files, claims, started_at, tally)
    publish(settings)
    LOG.info("delivered to %s: %s", destination, done.counts())
    _raise_for(destination, sender.ended, done)
    return done


@contextmanager
def _admitted(home: Home, destination: str) -> Iterator[bool]:
    """Whether this delivery may work. Leases keep the deliverers of a server apart; in a file, one is enough."""
    if database.place(home).is_shared:
        yield True
        return
    with locked(home.delivery_lock(destination)) as alone:
        yield alone


def _prepare(
    settings: Settings,
    destination: str,
    target: DestinationSettings,
    limits: Capabilities,
    ledger: Ledger,
    files: OpenFiles,
    tally: Tally,
) -> str:
    """Looks at every file first, so that a damaged one stops the run before the ledger changes; then changes it.

    Returns the build whose withdrawals are in force now; '' where there is none.
    """
    home, now = settings.home, settings.clock.now()
    enrolled = ledger.enrolled_files(destination)
    files.verify(file for file in enrolled if file.settled_at is None)
    ensure_keys(home, ledger)
    newest = delta.newest(home, destination)
    plan: enrolment.Plan | str = ""
    wanted = withdrawals.Wanted()
    if newest is not None:
        wanted = entries.wanted_back(home, newest, enrolled)
        size = min(target.batch_size, limits.batch_size)
        try:
            plan = enrolment.plan(home, newest, enrolled, size, limits.request_bytes, now)
        except LedgerConflict:
            # What contradicts may be what another deliverer has enrolled since the chain was read: then it is done.
            if len(ledger.enrolled_files(destination)) == len(enrolled):
                raise
    with ledger.transaction() as connection:
        # The lock of a file says that nobody else is sending. On a server only a lease that ran out does.
        lease_time = ledger.place.time(connection) if ledger.place.is_shared else None
        lost = recovery.recover(connection, destination, now, lease_time)
        if newest is not None:
            tally.withdrawn = withdrawals.apply(connection, newest, wanted, now)
        if isinstance(plan, enrolment.Plan) and enrolment.enrol(connection, home, plan, now):
            tally.enrolled = plan.events
            tally.expired = plan.past_expiry
    files.verify(file for file in ledger.enrolled_files(destination) if file.settled_at is None)
    if isinstance(plan, str) and plan:
        tally.notes.append(plan)
    if lost:
        tally.notes.append(f"an earlier delivery ended while {lost} events were being sent; they were made unknown")
    return newest.build_id if newest is not None else ""


def _due(
    ledger: Ledger, destination: str, target: DestinationSettings, settings: Settings, tally: Tally
) -> list[BatchRow]:
    """The batches that may be sent now.

    Of those that rest, and of a paused destination, only those are claimed in which something has expired: a claim
    ends that and sends nothing.
    """
    clock = settings.clock
    with ledger.transaction() as connection:
        waiting = queries.batches_in(connection, destination, *queries.WAITING)
        pause = pauses.paused(connection, destination)
        resting = rests.in_force(connection, destination, clock)
    waiting = [batch for batch in waiting if not batch.is_left(target.on_unknown)]
    if pause is not None:
        tally.notes.append(f"{pause.sentence()}; what waits is kept and expires as always")
    tally.notes += rests.sentences(resting, (batch.dataset for batch in waiting))
    waiting = [replace(batch, not_before=resting.get(batch.dataset, batch.not_before)) for batch in waiting]
    return [
        batch for batch in waiting if batch.expires_at <= clock.now() or (pause is None and not batch.is_resting(clock))
    ]


def _conclude(
    settings: Settings,
    destination: str,
    ledger: Ledger,
    files: OpenFiles,
    claims: Claims,
    started_at: datetime,
    tally: Tally,
) -> DeliveryReport:
    now = settings.clock.now()
    hours = settings.destination(destination).warn_before_expiry_hours
    with ledger.transaction() as connection:
        settlement.settle_files(connection, destination, now)
        left = open_events(connection, destination)
        soon, first = deadlines.expiring(connection, files, destination, now, timedelta(hours=hours))
    if soon:
        tally.expiring_soon = soon
        tally.notes.append(deadlines.warning(destination, soon, first, hours))
    tally.expired += claims.expired
    if claims.is_capped:
        tally.notes.append(caps.reached(settings.destination(destination).daily_cap))
    if left.get("sending"):
        tally.notes.append(f"{left['sending']} events are being sent by another delivery, or by one that just ended")
    return report(destination, started_at, now, tally, left)


def _raise_for(destination: str, ended: Ended, done: DeliveryReport) -> None:
    """Turns what kept batches from being sent into the error that says what happens next."""
    kept = (
        f"{done.accepted} events were accepted in this run; {done.pending} pending and {done.unknown} unknown are kept."
    )
    kept += "".join(f" {note[0].upper()}{note[1:]}." for note in done.notes)
    if ended.stopped:
        parts = [f"dataset {name!r}: {stop.reason}; {stop.advice}" for name, stop in sorted(ended.stopped.items())]
        raise ConfigurationError(f"{destination} refuses to take events. {'. '.join(parts)}. Then run again. {kept}")
    if ended.unavailable:
        parts = [f"dataset {name!r}: {reason}" for name, reason in sorted(ended.unavailable.items())]
        raise DestinationUnavailable(
            f"{destination} cannot take events now ({'; '.join(parts)}). {kept} Run again later; a schedule does."
        )
