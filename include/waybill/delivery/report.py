"""What a delivery did, in counts of events; never an event itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from waybill.delivery import queries, ranges
from waybill.destinations.base import Stop


@dataclass
class Tally:
    """Counted while a delivery runs."""

    enrolled: int = 0
    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    expired: int = 0
    withdrawn: int = 0
    requests: int = 0
    unclassified: int = 0
    would_send: int | None = None
    expiring_soon: int | None = None
    lags: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Ended:
    """Why batches were left in the queue, by dataset."""

    stopped: dict[str, Stop] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeliveryReport:
    """One delivery to one destination.

    ``sent`` counts events in requests, repeats included; ``pending`` and ``unknown`` are what is left; lag is in
    seconds from when it happened to when it was accepted, for what this delivery accepted. ``notes`` are for people.
    """

    destination: str
    started_at: datetime
    ended_at: datetime
    enrolled: int = 0
    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    expired: int = 0
    withdrawn: int = 0
    pending: int = 0
    unknown: int = 0
    requests: int = 0
    unclassified: int = 0
    would_send: int | None = None
    expiring_soon: int | None = None
    lag_seconds_p50: float | None = None
    lag_seconds_p95: float | None = None
    lag_seconds_max: float | None = None
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, int | float]:
        """The figures that an Asset event carries; the lags are absent when nothing was accepted,
        ``would_send`` is there in shadow mode only, ``expiring_soon`` where there is one."""
        names = ("enrolled", "sent", "accepted", "rejected", "expired", "withdrawn", "pending", "unknown", "requests")
        figures: dict[str, int | float] = {name: getattr(self, name) for name in (*names, "unclassified")}
        for name in ("would_send", "expiring_soon", "lag_seconds_p50", "lag_seconds_p95", "lag_seconds_max"):
            if (figure := getattr(self, name)) is not None:
                figures[name] = figure
        return figures


def report(
    destination: str, started_at: datetime, ended_at: datetime, tally: Tally, left: dict[str, int]
) -> DeliveryReport:
    """A tally and what is left in the queue (``open_events``), as a report."""
    figures = {name: value for name, value in vars(tally).items() if name not in ("lags", "notes")}
    lags = sorted(tally.lags)
    return DeliveryReport(
        destination=destination,
        started_at=started_at,
        ended_at=ended_at,
        **figures,
        pending=left.get("pending", 0) + left.get("sending", 0),
        unknown=left.get("unknown", 0),
        lag_seconds_p50=_quantile(lags, 0.5),
        lag_seconds_p95=_quantile(lags, 0.95),
        lag_seconds_max=_quantile(lags, 1.0),
        notes=tuple(tally.notes),
    )


def open_events(connection: Connection, destination: str) -> dict[str, int]:
    """How many events of unsettled files are in each state that may still change."""
    counted: dict[str, int] = {}
    for file in queries.files(connection, destination):
        if file.settled_at is not None:
            continue
        overrides = queries.overrides(connection, file.file_id)
        states = list(overrides.values())
        for batch in queries.leaf_batches(connection, file.file_id):
            own = batch.events
            if overrides:
                own -= sum(row in overrides for row in ranges.rows(batch.row_ranges))
            counted[batch.state] = counted.get(batch.state, 0) + own
        for state in states:
            counted[state] = counted.get(state, 0) + 1
    return counted


def _quantile(ascending: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of the values does not exceed."""
    return round(ascending[max(math.ceil(share * len(ascending)) - 1, 0)], 3) if ascending else None
