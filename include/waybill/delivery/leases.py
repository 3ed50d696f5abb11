"""Leases: who may send and settle a batch, and until when.

A claim takes a batch for some seconds and raises its fencing token; so does everybody who takes it away later. What is
written for a batch names the token it was claimed with, so whoever lost a batch can no longer change it.
"""

import os
import platform
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, update

from waybill.delivery import schema
from waybill.delivery.database import Place
from waybill.delivery.queries import BatchRow
from waybill.errors import LedgerConflict

LEASE_SECONDS: Final = 60.0
"""How long a batch stays with a deliverer that is not heard of. It is extended while its request is under way."""


def elapsed() -> float:
    """Seconds since some moment, those included in which this machine slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass
class Lease:
    """A deliverer's own view of its lease, which ends a little before the ledger's does."""

    good_until: float
    is_lost: bool = False


class Leases:
    """The leases of one deliverer; ``owner`` says to people which machine and process that is."""

    def __init__(self, place: Place, *, seconds: float = LEASE_SECONDS, elapsed: Callable[[], float] = elapsed) -> None:
        self.owner = f"{platform.node()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._place = place
        self._seconds = seconds
        self._elapsed = elapsed

    def take(self, connection: Connection, batch: BatchRow, now: datetime) -> tuple[BatchRow, Lease]:
        """Makes a waiting batch ``sending`` and ours; LedgerConflict when it is no longer as we knew it."""
        began = self._elapsed()  # before the ledger's clock is asked, so that we never believe too long
        taken = replace(
            batch,
            state="sending",
            reason=None,
            attempts=batch.attempts + 1,
            claimed_at=now,
            first_attempt_at=batch.first_attempt_at or now,
            lease_owner=self.owner,
            lease_token=batch.lease_token + 1,
            lease_until=self._until(connection),
        )
        changed = {name: value for name, value in vars(taken).items() if value != getattr(batch, name)}
        found = connection.execute(update(schema.batches).where(*as_known(batch)).values(changed))
        if found.rowcount != 1:
            raise taken_away(batch)
        return taken, Lease(began + self._seconds)

    def is_good(self, lease: Lease) -> bool:
        """Whether a request may start now."""
        return not lease.is_lost and self._elapsed() < lease.good_until

    def seconds_to_extend(self, lease: Lease) -> float | None:
        """How long until half of a lease is used up; None for one that is lost."""
        if lease.is_lost:
            return None
        return max(lease.good_until - self._seconds / 2 - self._elapsed(), 0.0)

    def extend(self, connection: Connection, batch: BatchRow, lease: Lease) -> None:
        """Extends a lease; one that another deliverer ended is lost for good, and its answer will come late."""
        began = self._elapsed()
        until = self._until(connection)
        found = connection.execute(update(schema.batches).where(*as_known(batch)).values(lease_until=until))
        if found.rowcount == 1:
            lease.good_until = began + self._seconds
        else:
            lease.is_lost = True

    def _until(self, connection: Connection) -> datetime:
        return self._place.time(connection) + timedelta(seconds=self._seconds)


def as_known(batch: BatchRow) -> tuple[ColumnElement[bool], ...]:
    """The condition on which a batch may be changed: nobody has claimed, settled or taken it since it was read."""
    columns = schema.batches.c
    return (
        columns.batch_id == batch.batch_id,
        columns.state == batch.state,
        columns.lease_token == batch.lease_token,
    )


def taken_away(batch: BatchRow) -> LedgerConflict:
    """What to raise when a batch has changed under a statement that was sure of it."""
    return LedgerConflict(
        f"Batch {batch.batch_id} of {batch.file_id} is no longer {batch.state} with token {batch.lease_token}: "
        "something else wrote the ledger during this delivery; nothing was changed. Look at `waybill ledger audit`, "
        "then run `waybill deliver` again."
    )
