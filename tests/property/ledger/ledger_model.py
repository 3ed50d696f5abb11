"""What the ledger must say of every row, in plain Python: no batches, no exceptions, no SQL."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waybill.destinations.base import Accepted, Outcome, Partial, Refused, Unknown

WAITS = ("pending", "unknown")
ENDS = ("accepted", "rejected", "expired", "withdrawn")
MOVES = {
    ("pending", "sending"),
    ("pending", "expired"),
    ("pending", "withdrawn"),
    ("unknown", "sending"),
    *(("sending", state) for state in ("pending", "unknown", "accepted", "rejected")),
}
"""How a row may move, apart from one that is withdrawn while it is being sent: unknown, then what the answer says."""

WINDOW = timedelta(hours=46)
"""How long after a lost answer an event may be repeated."""

Key = tuple[str, int]


@dataclass
class Row:
    """One enrolled row. ``alone``: its state is its own, and no batch changes it any more."""

    expires_at: datetime
    state: str = "pending"
    since: datetime | None = None  # of the first request without an answer
    alone: bool = False
    withdrawn_in_flight: bool = False

    def end(self, state: str) -> None:
        self.state, self.alone = state, True

    def is_over(self, now: datetime) -> bool:
        return self.expires_at <= now or (self.since is not None and self.since + WINDOW <= now)


@dataclass(eq=False)
class Request:
    """A claim: what is being sent, since when, and whether whoever claimed it still may settle it."""

    keys: list[Key]
    at: datetime
    lease_until: datetime
    is_ours: bool = True


@dataclass
class Model:
    """All rows, the requests that are under way, and until when the platform wants to be left alone."""

    rows: dict[Key, Row] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    rests_until: datetime | None = None

    def claim(self, keys: list[Key], now: datetime, lease_until: datetime) -> Request | None:
        """Of a waiting batch's rows those are sent that have no state of their own and are not over."""
        shared = [key for key in keys if not self.rows[key].alone]
        live = [key for key in shared if not self.rows[key].is_over(now)]
        for key in shared:
            row = self.rows[key]
            if key not in live:
                row.end("expired" if row.since is None else "unknown")
        if not live or (self.rests_until is not None and self.rests_until > now):
            return None
        for key in live:
            self.rows[key].state = "sending"
        self.requests.append(Request(live, now, lease_until))
        return self.requests[-1]

    def settle(self, request: Request, outcome: Outcome) -> bool:
        """False where the batch was taken away, and the answer must change nothing."""
        if not request.is_ours:
            return False
        self.requests.remove(request)
        request.is_ours = False
        for place, key in enumerate(request.keys):
            self._answer(self.rows[key], self._meaning(outcome, place, len(request.keys)), request.at)
        return True

    def take_away(self, time: datetime) -> int:
        """Makes what is being sent under a lease that ran out unknown; returns how many requests that were."""
        gone = [request for request in self.requests if request.lease_until <= time]
        for request in gone:
            self.requests.remove(request)
            request.is_ours = False
            for key in request.keys:
                self._answer(self.rows[key], "unknown", request.at)
        return len(gone)

    def withdraw(self, key: Key) -> None:
        row = self.rows[key]
        if row.alone or row.state in ENDS:
            return
        row.withdrawn_in_flight = row.state == "sending"
        row.end("withdrawn" if row.state == "pending" else "unknown")

    def _meaning(self, outcome: Outcome, place: int, size: int) -> str:
        if isinstance(outcome, Partial):
            return "rejected" if place in outcome.rejected else "not taken" if place in outcome.retry else "accepted"
        if isinstance(outcome, Refused):
            return "rejected" if size == 1 else "not taken"
        return (
            "accepted" if isinstance(outcome, Accepted) else "unknown" if isinstance(outcome, Unknown) else "not taken"
        )

    def _answer(self, row: Row, meaning: str, at: datetime) -> None:
        if meaning == "unknown":
            row.since = row.since or at
            row.state = "unknown"
            row.withdrawn_in_flight = False
        elif meaning in ENDS:
            row.end(meaning)
        elif row.alone:  # withdrawn while it was being sent, and not taken
            row.end("withdrawn" if row.since is None else "unknown")
        else:
            row.state = "pending" if row.since is None else "unknown"
