"""When to try again: a pure decision."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class RetryPolicy:
    """How long a run keeps trying before it leaves the queue to the next one.

    ``tries`` of a batch in one run; waits of ``first_seconds`` doubling up to ``longest_seconds`` inside a run, and up
    to ``longest_between_runs`` afterwards.
    """

    tries: int = 4
    first_seconds: float = 1.0
    longest_seconds: float = 30.0
    longest_between_runs: float = 900.0

    def wait(self, failures: int, asked: float | None, jitter: float) -> float | None:
        """Seconds to rest after this many failures in a row; None when this run should not wait for it.

        ``asked`` is what the platform asked for, which is never undercut; ``jitter`` (0 to 1) shortens our own wait by
        up to a half, so that several senders do not come back together.
        """
        if failures >= self.tries or (asked or 0.0) > self.longest_seconds:
            return None
        own = min(self.first_seconds * 2.0 ** (failures - 1), self.longest_seconds)
        return max(own * (1.0 - jitter / 2.0), asked or 0.0)

    def rest(self, attempts: int, asked: float | None, left: timedelta) -> timedelta:
        """How long the next runs leave a batch alone after this many attempts at it.

        ``left`` is how long its events may still be sent: our own rest takes half of that at most, so that the last
        moment to send is never slept through. What the platform asks for (``asked``, seconds) is never undercut.
        """
        own = min(self.first_seconds * 2.0 ** min(attempts, 30), self.longest_between_runs, left.total_seconds() / 2.0)
        return timedelta(seconds=max(own, asked or 0.0))
