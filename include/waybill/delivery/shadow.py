"""A delivery in the shadow: everything but the request. Nothing is enrolled or sent; the ledger is only read."""

from collections.abc import Iterator, Sequence

from waybill import delta
from waybill.declared import DestinationSettings
from waybill.delivery import enrolment, queries, withdrawals
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.delivery.payloads import FrozenRow, FrozenRows, OpenFiles, microseconds
from waybill.delivery.report import DeliveryReport, Tally, open_events, report
from waybill.destinations.base import Capabilities
from waybill.settings import Settings


def rehearse(settings: Settings, destination: str, target: DestinationSettings, limits: Capabilities) -> DeliveryReport:
    """Counts what a delivery would send now, with the same checks of files, gate and keys, and the same refusals."""
    home, now = settings.home, settings.clock.now()
    tally = Tally()
    with Ledger.open_readonly(home) as ledger:
        ensure_keys(home, ledger)
        enrolled = ledger.enrolled_files(destination)
        files = OpenFiles(home)
        files.verify(file for file in enrolled if file.settled_at is None)
        requests = [
            *_waiting(settings, destination, target, ledger, files),
            *_fresh(settings, destination, target, limits, enrolled, tally),
        ]
        with ledger.transaction() as connection:
            left = open_events(connection, destination)
    sizes = [sum(row.expires_at > microseconds(now) for row in rows) for rows in requests]
    tally.would_send = sum(sizes)
    tally.notes.append(
        f'mode = "shadow": {tally.would_send} events would be sent to {destination} in {sum(map(bool, sizes))} '
        "requests; nothing was enrolled or sent, and the ledger is as it was"
    )
    return report(destination, now, settings.clock.now(), tally, left)


def _waiting(
    settings: Settings, destination: str, target: DestinationSettings, ledger: Ledger, files: OpenFiles
) -> Iterator[Sequence[FrozenRow]]:
    """The rows of batches that wait, without those that have an end of their own or are taken back."""
    newest = delta.newest(settings.home, destination)
    gone = {(row.file_id, row.row_number) for row in withdrawals.read(newest)} if newest is not None else set()
    with ledger.transaction() as connection:
        batches = queries.batches_in(connection, destination, *queries.WAITING, "sending")
        overrides = {name: queries.overrides(connection, name) for name in {batch.file_id for batch in batches}}
    for batch in batches:
        if not batch.is_left(target.on_unknown):
            rows = files.take(batch.file_id, batch.row_ranges)
            ended = overrides[batch.file_id]
            yield [row for row in rows if row.row_number not in ended and (batch.file_id, row.row_number) not in gone]


def _fresh(
    settings: Settings,
    destination: str,
    target: DestinationSettings,
    limits: Capabilities,
    enrolled: Sequence[queries.FileRow],
    tally: Tally,
) -> Iterator[Sequence[FrozenRow]]:
    """The rows of the newest delta file (or of one that a person opened), cut as an enrolment would cut them."""
    newest = delta.newest(settings.home, destination)
    if newest is None:
        return
    size = min(target.batch_size, limits.batch_size)
    plan = enrolment.plan(settings.home, newest, enrolled, size, limits.request_bytes)
    if isinstance(plan, str):
        tally.notes += [plan] if plan else []
        return
    frozen = FrozenRows(plan.delta.path)
    for batch in plan.batches:
        if not batch.past_expiry:
            yield frozen.take(batch.row_ranges)
