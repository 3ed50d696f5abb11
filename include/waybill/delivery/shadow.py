"""A delivery in the shadow: everything but the request. Nothing is enrolled or sent; the ledger is only read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from waybill import delta
from waybill.clock import Clock
from waybill.declared import DestinationSettings
from waybill.delivery import caps, enrolment, entries, pauses, queries, rests, withdrawals
from waybill.delivery.claims import why_over
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.delivery.payloads import FrozenRow, FrozenRows, OpenFiles, microseconds
from waybill.delivery.queries import BatchRow, FileRow
from waybill.delivery.report import DeliveryReport, Tally, open_events, report
from waybill.destinations.base import Capabilities
from waybill.settings import Settings


@dataclass(frozen=True)
class _Request:
    """Rows that would be sent together; ``batch_id`` is None for those that are not enrolled yet."""

    batch_id: int | None
    dataset: str
    rows: Sequence[FrozenRow]


def rehearse(settings: Settings, destination: str, target: DestinationSettings, limits: Capabilities) -> DeliveryReport:
    """Counts what a delivery would send now, with the same checks of files, gate and keys, and the same refusals.

    Nothing while the destination is paused, no more than the daily cap has left, nothing that rests after a failure,
    and nothing that has expired or may not be repeated any more.
    """
    home, now = settings.home, settings.clock.now()
    tally = Tally()
    with Ledger.open_readonly(home) as ledger:
        ensure_keys(home, ledger)
        enrolled = ledger.enrolled_files(destination)
        files = OpenFiles(home)
        files.verify(file for file in enrolled if file.settled_at is None)
        requests = [
            *_waiting(settings, destination, target, limits, ledger, enrolled, files),
            *_fresh(settings, destination, target, limits, enrolled, tally),
        ]
        with ledger.transaction() as connection:
            left = open_events(connection, destination)
            sizes = list(_admitted(connection, destination, target, requests, tally, settings.clock))
    tally.would_send = sum(sizes)
    tally.notes.append(
        f'mode = "shadow": {tally.would_send} events would be sent to {destination} in {sum(map(bool, sizes))} '
        "requests; nothing was enrolled or sent, and the ledger is as it was"
    )
    return report(destination, now, settings.clock.now(), tally, left)


def _admitted(
    connection: Connection,
    destination: str,
    target: DestinationSettings,
    requests: Sequence[_Request],
    tally: Tally,
    clock: Clock,
) -> Iterator[int]:
    """How many events of each request pause, rests, settings and cap let through; notes say what holds the others."""
    pause = pauses.paused(connection, destination)
    if pause is not None:
        tally.notes.append(pause.sentence())
        return
    cap = target.daily_cap
    room, counted = caps.room(connection, destination, cap, clock.now()) if cap is not None else (None, ())
    is_capped = False
    resting = rests.in_force(connection, destination, clock)
    tally.notes += rests.sentences(resting, (request.dataset for request in requests))
    for request in requests:
        size = len(request.rows) if request.dataset in target.datasets.keys() - resting.keys() else 0
        if room is not None and request.batch_id not in counted:
            is_capped = is_capped or size > room
            size = min(size, room)
            room -= size
        yield size
    if is_capped:
        tally.notes.append(caps.reached(cap))
    for name in sorted({request.dataset for request in requests}.difference(target.datasets)):
        tally.notes.append(f"the settings have no dataset {name!r}; its events would wait")


def _waiting(
    settings: Settings,
    destination: str,
    target: DestinationSettings,
    limits: Capabilities,
    ledger: Ledger,
    enrolled: Sequence[FileRow],
    files: OpenFiles,
) -> Iterator[_Request]:
    """What waits and does not rest, without rows that have an end of their own, would get one now or are taken back."""
    clock = settings.clock
    newest = delta.newest(settings.home, destination)
    wanted = entries.wanted_back(settings.home, newest, enrolled) if newest is not None else withdrawals.Wanted()
    gone = {(row.file_id, row.row_number) for rows in wanted for row in rows}
    with ledger.transaction() as connection:
        batches = queries.batches_in(connection, destination, *queries.WAITING, "sending")
        overrides = {name: queries.overrides(connection, name) for name in {batch.file_id for batch in batches}}
        is_shared = ledger.place.is_shared and any(batch.state == "sending" for batch in batches)
        lease_time = ledger.place.time(connection) if is_shared else None
    for batch in map(_as_recovered, batches):
        is_taken = lease_time is not None and batch.lease_until is not None and batch.lease_until > lease_time
        if is_taken or batch.is_resting(clock) or batch.is_left(target.on_unknown):
            continue
        ended = overrides[batch.file_id]
        rows = [
            row
            for row in files.take(batch.file_id, batch.row_ranges)
            if row.row_number not in ended
            and (batch.file_id, row.row_number) not in gone
            and not why_over(batch, row, limits, microseconds(clock.now()))
        ]
        yield _Request(batch.batch_id, batch.dataset, rows)


def _as_recovered(batch: BatchRow) -> BatchRow:
    """A batch as a delivery finds it that has put right what an earlier one left behind."""
    if batch.state != "sending":
        return batch
    return replace(batch, state="unknown", unknown_since=batch.unknown_since or batch.claimed_at, not_before=None)


def _fresh(
    settings: Settings,
    destination: str,
    target: DestinationSettings,
    limits: Capabilities,
    enrolled: Sequence[queries.FileRow],
    tally: Tally,
) -> Iterator[_Request]:
    """The rows of the newest delta file (or of one that a person opened), cut as an enrolment would cut them."""
    newest = delta.newest(settings.home, destination)
    if newest is None:
        return
    size = min(target.batch_size, limits.batch_size)
    moment = settings.clock.now()
    plan = enrolment.plan(settings.home, newest, enrolled, size, limits.request_bytes, moment)
    if isinstance(plan, str):
        tally.notes += [plan] if plan else []
        return
    frozen, now = FrozenRows(plan.delta.path), microseconds(moment)
    for batch in plan.batches:
        if not batch.past_expiry:
            rows = [row for row in frozen.take(batch.row_ranges) if row.expires_at > now]
            yield _Request(None, batch.dataset, rows)
