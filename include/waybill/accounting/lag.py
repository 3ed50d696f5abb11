"""The lag: from the moment it happened to the moment it was accepted, stage by stage, against the platform's bands."""

from dataclasses import dataclass

from waybill.accounting.books import open_books, render
from waybill.clock import to_text
from waybill.events import LAG_BANDS_SECONDS, LAG_STAGES
from waybill.settings import Settings

STAGES = (*LAG_STAGES, "total")


@dataclass(frozen=True)
class StageLag:
    """Seconds that events spent in one stage: the median, the 95th percentile and the longest."""

    stage: str
    events: int
    p50: float
    p95: float
    longest: float


@dataclass(frozen=True)
class Lag:
    """One destination's lag over accepted and still open events; ``bands`` counts events by how late they are."""

    destination: str
    accepted: int
    still_open: int
    stages: tuple[StageLag, ...]
    bands: dict[str, int]
    expiring_soon: int
    newest_accepted_at: str | None

    def as_json(self) -> dict[str, object]:
        return {
            "accepted": self.accepted,
            "open": self.still_open,
            "stages": {
                lag.stage: {
                    "events": lag.events,
                    "p50_seconds": lag.p50,
                    "p95_seconds": lag.p95,
                    "max_seconds": lag.longest,
                }
                for lag in self.stages
            },
            "bands": self.bands,
            "expiring_within_24h": self.expiring_soon,
            "newest_accepted_at": self.newest_accepted_at,
        }


def lag(settings: Settings) -> list[Lag]:
    """Measures every destination; an event that is still open counts with the time it has waited so far."""
    books = open_books(settings)
    relations = {name: name for name in ("candidates", "gate", "judged", "keys", "batches", "exceptions")}
    now = settings.clock.now()
    query = render(settings, "event_lag", **relations, now=f"timestamptz '{to_text(now)}'")
    books.execute(f"create table lag as {query}")
    reports: list[Lag] = []
    for (destination,) in books.execute("select destination from totals order by destination").fetchall():
        stages: list[StageLag] = []
        for stage in STAGES:
            row = books.execute(
                f"select count({stage}_seconds), quantile_cont({stage}_seconds, [0.5, 0.95]), "  # noqa: S608 - our words
                f"max({stage}_seconds) from lag where destination = ?",
                [destination],
            ).fetchall()[0]
            p50, p95 = row[1] or (0.0, 0.0)
            stages.append(StageLag(stage, row[0], round(p50, 3), round(p95, 3), round(row[2] or 0.0, 3)))
        accepted, still_open, expiring, newest = books.execute(
            "select count(*) filter (not is_open), count(*) filter (is_open), "
            "count(*) filter (is_open and expires_at < ?::timestamptz + interval 24 hours), "
            "strftime(max(accepted_at), '%Y-%m-%dT%H:%M:%SZ') from lag where destination = ?",
            [now, destination],
        ).fetchall()[0]
        seconds = [
            row[0]
            for row in books.execute("select total_seconds from lag where destination = ?", [destination]).fetchall()
        ]
        reports.append(
            Lag(
                destination=destination,
                accepted=accepted,
                still_open=still_open,
                stages=tuple(stages),
                bands=_bands(seconds),
                expiring_soon=expiring,
                newest_accepted_at=newest,
            )
        )
    return reports


def _bands(seconds: list[float]) -> dict[str, int]:
    """How many events are within each band; what is later than all of them is ``lost`` for the platform."""
    counts = dict.fromkeys([*LAG_BANDS_SECONDS, "lost"], 0)
    for value in seconds:
        band = next((name for name, limit in LAG_BANDS_SECONDS.items() if value <= limit), "lost")
        counts[band] += 1
    return counts
