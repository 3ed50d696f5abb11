"""The batches that wait in this run, in memory: the soonest expiry first, and each dataset resting when it must.

The ledger knows what waits; this only decides what is next. Another deliverer may have claimed it by then: a claim
finds that out. While it is in doubt whether a dataset takes anything at all, other parts are brought forward.
"""

import heapq
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from waybill.delivery.queries import BatchRow
from waybill.delivery.retry import RetryPolicy


@dataclass
class _Line:
    """One dataset's batches, and how it is doing."""

    heap: list[tuple[int, datetime, int, BatchRow]] = field(default_factory=list)
    brought_forward: int = 0
    failures: int = 0  # rounds without an answer since the last one
    rest_began: float = float("-inf")
    rest_until: float = float("-inf")
    closed: bool = False


class Queue:
    """What to send next. A dataset that fails rests as a whole; one that fails ``policy.tries`` rounds is closed."""

    def __init__(self, policy: RetryPolicy, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._now = monotonic
        self._lines: dict[str, _Line] = {}
        self._tries: dict[int, int] = {}
        self._turns: dict[int, int] = {}  # batches that were brought forward, the latest first; 0 is the turn of all

    def add(self, batches: Iterable[BatchRow]) -> None:
        """Queues batches; of two that expire together the younger goes first, so that a bisection ends first.

        What was cut from a batch that was brought forward keeps its turn.
        """
        for batch in batches:
            line = self._lines.setdefault(batch.dataset, _Line())
            turn = self._turns.setdefault(batch.batch_id, self._turns.get(batch.parent_batch_id or 0, 0))
            heapq.heappush(line.heap, (turn, batch.expires_at, -batch.batch_id, batch))

    def bring_forward(self, dataset: str, among: Callable[[BatchRow], bool] = lambda _: True) -> None:
        """Makes a dataset's largest batch the next one; of equally large ones that which was tried least."""
        line = self._lines[dataset]
        found = [entry for entry in line.heap if among(entry[3])]
        if not found:
            return
        largest = max(found, key=lambda entry: (entry[3].events, -entry[3].attempts, *entry[:3]))
        line.heap.remove(largest)
        heapq.heapify(line.heap)
        line.brought_forward -= 1
        self._turns[largest[3].batch_id] = line.brought_forward
        self.add([largest[3]])

    def take(self) -> BatchRow | None:
        """The next batch that may be sent now."""
        ready = [line for line in self._open() if line.rest_until <= self._now()]
        line = min(ready, key=lambda line: line.heap[0][1:3], default=None)
        return heapq.heappop(line.heap)[3] if line is not None else None

    def seconds(self) -> float | None:
        """How long until a batch may be sent; None when there is none."""
        rests = [line.rest_until - self._now() for line in self._open()]
        return max(min(rests), 0.0) if rests else None

    def answered(self, dataset: str) -> None:
        """The platform dealt with a batch of this dataset."""
        self._lines[dataset].failures = 0

    def failed(self, batch: BatchRow, sent_at: float, asked: float | None, *, again: bool) -> bool:
        """Lets a dataset rest after an attempt that settled nothing (``asked`` in seconds), and queues the batch again.

        False when this run leaves the batch alone. Attempts that were under way when a rest began are the same round.
        """
        line = self._lines[batch.dataset]
        tries = max(self._tries.get(batch.batch_id, 0), self._tries.get(batch.parent_batch_id or 0, 0)) + 1
        self._tries[batch.batch_id] = tries
        if sent_at >= line.rest_began:
            line.failures += 1
            line.rest_began = self._now()
        wait = self._policy.wait(line.failures, asked, random.random())  # noqa: S311 (only spreads senders out)
        if wait is None:
            line.closed = True
            return False
        line.rest_until = max(line.rest_until, self._now() + wait)
        if not again or tries >= self._policy.tries:
            return False
        self.add([batch])
        return True

    def close(self, dataset: str) -> None:
        """Nothing more of this dataset is sent in this run."""
        self._lines[dataset].closed = True

    def is_closed(self, dataset: str) -> bool:
        return self._lines[dataset].closed

    def _open(self) -> list[_Line]:
        return [line for line in self._lines.values() if line.heap and not line.closed]
