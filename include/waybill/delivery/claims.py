"""Claiming: deciding row by row what may still be sent, and committing the intent before a byte leaves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from waybill.clock import Clock
from waybill.delivery import caps, pauses, queries, records, rests, settlement
from waybill.delivery.leases import Lease, Leases
from waybill.delivery.ledger import Ledger
from waybill.delivery.payloads import FrozenRow, OpenFiles, microseconds
from waybill.delivery.queries import HELD, BatchRow
from waybill.destinations.base import Capabilities

DEDUP_MARGIN: Final = timedelta(hours=2)
"""A repeat stays this far inside the platform's deduplication window."""


@dataclass(frozen=True)
class Claim:
    """A batch that is now ``sending`` and ours: the rows to send, in order, the attempt that says so, the lease."""

    batch: BatchRow
    rows: Sequence[FrozenRow]
    attempt_id: int
    lease: Lease


@dataclass(frozen=True)
class Rest:
    """The platform wants the dataset of a batch to be left alone: until when, and how many seconds that are."""

    until: datetime
    seconds: float


def why_over(batch: BatchRow, row: FrozenRow, capabilities: Capabilities, now: int) -> str:
    """Why a row must not be sent any more, or '' while it may be (``now`` in microseconds)."""
    if row.expires_at <= now:
        return row.expires_reason
    if batch.unknown_since is not None and microseconds(batch.unknown_since - DEDUP_MARGIN) > now:
        return "dedup_window"  # a clock that ran ahead noted it, so nobody knows how long ago that was
    until = _repeatable_until(batch, row, capabilities)
    return "dedup_window" if until is not None and until <= now else ""


def _repeatable_until(batch: BatchRow, row: FrozenRow, capabilities: Capabilities) -> int | None:
    """Until when (microseconds) the platform merges a repeat; None where no answer was lost."""
    if batch.unknown_since is None:
        return None
    return microseconds(batch.unknown_since + capabilities.window(row.event_kind) - DEDUP_MARGIN)


class Claims:
    """Claims batches of one destination; ``expired`` counts the events that ended here instead.

    ``daily_cap`` is how many events of the destination may be sent per UTC day; ``is_capped`` says that it was reached.
    Of other datasets than ``datasets`` nothing is claimed, but expires as always.
    """

    def __init__(
        self,
        ledger: Ledger,
        files: OpenFiles,
        capabilities: Capabilities,
        clock: Clock,
        daily_cap: int | None = None,
        leases: Leases | None = None,
        datasets: Collection[str] | None = None,
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._capabilities = capabilities
        self._clock = clock
        self._daily_cap = daily_cap
        self._datasets = datasets
        self.leases = leases or Leases(ledger.place)
        self.expired = 0
        self.is_capped = False

    def claim(self, batch: BatchRow) -> Claim | Rest | None:
        """Commits an attempt at what may still be sent of a batch; what expired is ended in any case.

        None when that is nothing, when nothing may be sent now, or when the batch is no longer as it was read: another
        deliverer has it, or a person has decided on it. A Rest when the platform asked for one since it was read.
        """
        held = self._files.take(batch.file_id, batch.row_ranges)
        now = self._clock.now()
        with self._ledger.transaction() as connection:
            if not queries.is_unchanged(connection, batch):
                return None
            overrides = queries.overrides(connection, batch.file_id, within=batch.row_ranges)
            open_rows = [row for row in held if row.row_number not in overrides]
            over = {row.row_number: why_over(batch, row, self._capabilities, microseconds(now)) for row in open_rows}
            live = [row for row in open_rows if not over[row.row_number]]
            ended = [(row, over[row.row_number]) for row in open_rows if over[row.row_number]]
            if live:
                self._set_aside(connection, batch, ended, now)
                if self._datasets is not None and batch.dataset not in self._datasets:
                    return None
                if batch.is_resting(self._clock) or pauses.paused(connection, batch.destination) is not None:
                    return None
                until = rests.in_force(connection, batch.destination, self._clock).get(batch.dataset)
                if until is not None:
                    return Rest(until, (until - now).total_seconds())
                batch, rows = caps.fit(connection, batch, live, self._daily_cap, now)
                if not rows:
                    self.is_capped = True
                    return None
                taken, lease = self.leases.take(connection, batch, now)
                return Claim(taken, rows, records.begin_attempt(connection, batch.batch_id, now), lease)
            self._end(connection, batch, ended, now, whole=len(open_rows) == batch.events)
        return None

    def time_left(self, claim: Claim, now: datetime) -> timedelta:
        """How long all events of a claim may still be sent."""
        ends = [row.expires_at for row in claim.rows]
        ends += [_repeatable_until(claim.batch, row, self._capabilities) or row.expires_at for row in claim.rows]
        return timedelta(microseconds=min(ends) - microseconds(now))

    def _set_aside(
        self, connection: Connection, batch: BatchRow, ended: Sequence[tuple[FrozenRow, str]], now: datetime
    ) -> None:
        """Gives single rows an end of their own: expired, or unknown for good when they may have arrived."""
        state = "expired" if batch.waiting_state == "pending" else "unknown"
        for row, why in ended:
            reason = why if state == "expired" else HELD + why
            records.append_exception(connection, batch, row, state, reason, None, now)
        self.expired += len(ended) if state == "expired" else 0

    def _end(
        self,
        connection: Connection,
        batch: BatchRow,
        ended: Sequence[tuple[FrozenRow, str]],
        now: datetime,
        *,
        whole: bool,
    ) -> None:
        """Ends a batch of which nothing may be sent; rows need exceptions only where they do not all end alike."""
        reasons = sorted({why for _, why in ended})
        if batch.waiting_state == "unknown":
            if not whole or len(reasons) > 1:
                self._set_aside(connection, batch, ended, now)
            settlement.hold(connection, batch, HELD + (reasons[0] if reasons else "withdrawn"))
            return
        if whole and len(reasons) == 1:
            self.expired += len(ended)
        else:
            self._set_aside(connection, batch, ended, now)
        settlement.finish(
            connection, batch, "expired" if ended else "withdrawn", reasons[0] if reasons else "withdrawn", now
        )
