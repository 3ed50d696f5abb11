"""Refusals that may be a matter of the event or of its whole dataset: nobody can tell until something was taken.

The events are kept aside. When the dataset takes another event in the same run, they are sent once more and judged;
when it takes none, they wait for a later run, and a person is told.
"""

from collections.abc import Sequence
from typing import Final

from waybill.delivery.queries import BatchRow
from waybill.delivery.queue import Queue
from waybill.destinations.base import Outcome, Receipt, Refused, Stop

_ENOUGH: Final = 15
"""Doubted single events after which a dataset is left alone for the rest of the run."""

_ADVICE: Final = (
    "check the token's permission for this dataset (for HTTP 413: what a proxy on the way lets through) and the events "
    "with `waybill explain`; they are rejected as soon as another event of this dataset is accepted in the same run"
)


class Doubts:
    """The doubted events of one run, and which datasets are beyond doubt because they took something."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._taking: set[str] = set()
        self._kept: dict[str, list[BatchRow]] = {}
        self._newest: dict[str, str] = {}  # dataset → the reason of its newest refusal

    def concern(self, batch: BatchRow, outcome: Outcome) -> bool:
        """Whether this answer says nothing certain about the batch."""
        return isinstance(outcome, Refused) and outcome.doubtful and batch.dataset not in self._taking

    def keep(self, dataset: str, batches: Sequence[BatchRow], reason: str) -> None:
        """Keeps doubted single events aside.

        One good event ends the doubt. Bad ones may lie side by side or everywhere, so it is looked for far from the
        doubted ones and next to them, in turns.
        """
        kept = self._kept.setdefault(dataset, [])
        kept.extend(batches)
        self._newest[dataset] = reason
        if len(kept) >= _ENOUGH:
            self._queue.close(dataset)
        elif len(kept) % 3 == 1:
            self._queue.bring_forward(dataset)

    def end(self, dataset: str) -> None:
        """The dataset took an event: what was doubted is sent once more, and judged."""
        self._taking.add(dataset)
        self._queue.add(self._kept.pop(dataset, []))

    def stops(self) -> dict[str, Stop]:
        """Dataset → what a person is told about events that nobody could judge."""
        told = {}
        for dataset, batches in self._kept.items():
            reason = f"{len(batches)} events were refused ({self._newest[dataset]}) and none was accepted"
            told[dataset] = Stop(reason, Receipt(), _ADVICE)
        return told
