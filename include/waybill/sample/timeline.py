"""When things happen in the sample shop, and when their rows reach the warehouse. All in µs since 1970, UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from waybill.sample import shares
from waybill.sample.dice import Dice, Floats, Ints

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
MOMENT = pl.Datetime("us", "UTC")


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Timeline:
    """The stretch of time that one slice of the shop tells of; ``since`` is None for the first slice.

    No row is committed after ``as_of``, and none of a later slice before ``since``.
    """

    as_of: int
    start_at: int
    since: int | None = None

    @property
    def is_later(self) -> bool:
        return self.since is not None

    def happenings(self, dice: Dice, n: int, oldest_days: float = 0.0) -> Ints:
        """Moments of n orders or leads: most after start_at, the newer the more, in the rhythm of the day.

        ``oldest_days`` lets those from before the start reach so far back before as_of.
        """
        if self.since is not None:
            moments = self.inside(dice, n)
            late = dice.chance(shares.LATER_LATE, n)
            hours = 1 + dice.unit(n) * (shares.LATER_LATE_HOURS - 1)
            return np.where(late, moments - (hours * HOUR).astype(np.int64), moments)
        span = self.as_of - self.start_at
        age = span * dice.unit(n) ** shares.RECENCY
        before = max(oldest_days * DAY - span, shares.BEFORE_START_DAYS * DAY)
        old = dice.chance(shares.BEFORE_START, n)
        age = np.where(old, span + dice.unit(n) * before, age) + shares.QUIET_SECONDS * SECOND
        return self._in_rhythm(age)

    def committed(self, dice: Dice, happened: Ints) -> Ints:
        """When the rows of what happened then reached the warehouse: seconds later, some hours, never after as_of."""
        n = len(happened)
        late = dice.chance(shares.LATE_COMMIT, n)
        hours = 0.5 + dice.unit(n) * (shares.LATE_HOURS - 0.5)
        delay = np.where(late, hours * HOUR, dice.waiting(shares.COMMIT_SECONDS, n) * SECOND)
        room = (self.as_of - happened) * dice.unit(n)
        moments = happened + np.minimum(delay, room).astype(np.int64)
        if self.since is None:
            return moments
        return np.where(moments <= self.since, self.inside(dice, n), moments)

    def inside(self, dice: Dice, n: int) -> Ints:
        """Any moments of this slice."""
        begin = self.start_at if self.since is None else self.since
        return begin + 1 + (dice.unit(n) * (self.as_of - begin) * 0.95).astype(np.int64)

    def between(self, dice: Dice, first: Ints) -> Ints:
        """Any moment between ``first`` and as_of."""
        return first + (dice.unit(len(first)) * (self.as_of - first)).astype(np.int64)

    def _in_rhythm(self, age: Floats) -> Ints:
        """Bends evenly running time so that more happens around the peak hour; order is kept, as_of stays as_of."""
        if len(age) == 0:
            return np.empty(0, dtype=np.int64)
        grid = np.arange(self.as_of - age.max() - DAY, self.as_of + HOUR, HOUR / 2, dtype=np.float64)
        wave = np.sin(2 * np.pi * ((grid - shares.PEAK_HOUR * HOUR) / DAY)) * DAY / (2 * np.pi)
        bent = grid + shares.DAILY_RHYTHM * wave
        now = np.interp(self.as_of, grid, bent)
        return np.interp(now - age, bent, grid).astype(np.int64)
