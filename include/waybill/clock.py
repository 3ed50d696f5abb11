"""The one clock. Everything that asks for the time asks a ``Clock``, so that a home can fix it.

Durations (time-outs, backoff, how long a request took) are not moments and use ``time.monotonic``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Clock:
    """Tells the time in UTC: the system's, or one fixed moment (``waybill sample --as-of``)."""

    fixed_at: datetime | None = None

    def now(self) -> datetime:
        return self.fixed_at if self.fixed_at is not None else datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """A moment as the ledger stores it: ISO 8601 in UTC with microseconds, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_name(moment: datetime) -> str:
    """A moment as file names and ids carry it, sortable and without separators: ``20261121T081500000000Z``."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def from_name(name: str) -> datetime:
    """The inverse of ``to_name``; ValueError for anything else."""
    return datetime.strptime(name, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)


def from_text(text: str) -> datetime:
    """The inverse of ``to_text``."""
    return datetime.fromisoformat(text)
