"""What delivery and a platform's adapter say to each other: a batch goes in, one outcome comes out.

Outcomes are values. An adapter raises only for settings that a person must fix before anything is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Protocol

from waybill.declared import Dataset


@dataclass(frozen=True)
class Capabilities:
    """What a platform can take, and how long it merges a repeated event with the first one.

    ``dedup_windows`` names the event kinds whose window differs from ``dedup_window``.
    """

    batch_size: int
    request_bytes: int
    dedup_window: timedelta
    dedup_windows: Mapping[str, timedelta] = field(default_factory=dict)

    def window(self, event_kind: str) -> timedelta:
        """How long after its first arrival an event of this kind may be repeated without being counted twice."""
        return self.dedup_windows.get(event_kind, self.dedup_window)


@dataclass(frozen=True)
class Batch:
    """What one request carries: JSON texts, exactly as they were frozen, for one dataset of the platform."""

    dataset: Dataset
    payloads: Sequence[str] = field(repr=False)


@dataclass(frozen=True)
class Receipt:
    """What the platform said, without any of its prose (which is localised and may quote an event)."""

    http_status: int | None = None
    code: int | None = None
    subcode: int | None = None
    trace_id: str | None = None
    events_received: int | None = None
    duration_ms: int = 0
    request_bytes: int = 0


@dataclass(frozen=True)
class Accepted:
    """Every event was taken."""

    name: ClassVar[str] = "accepted"
    receipt: Receipt
    reason: str = ""


@dataclass(frozen=True)
class Refused:
    """Nothing was taken, because of at least one event that the platform does not name.

    ``doubtful``: the answer may also be about the whole dataset, so an event is given up only after another one of
    this dataset was taken.
    """

    name: ClassVar[str] = "refused"
    reason: str
    receipt: Receipt
    doubtful: bool = False


@dataclass(frozen=True)
class Partial:
    """Events were answered one by one, by their position in the batch; those in neither mapping were taken."""

    name: ClassVar[str] = "partial"
    reason: str
    receipt: Receipt
    rejected: Mapping[int, str] = field(default_factory=dict)
    retry: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Retry:
    """Nothing was taken, and the same request may be taken later (``after_seconds``, where the platform says so).

    ``throttled``: there were too many requests, which concerns all of the dataset.
    """

    name: ClassVar[str] = "retry"
    reason: str
    receipt: Receipt
    after_seconds: float | None = None
    unclassified: bool = False
    throttled: bool = False


@dataclass(frozen=True)
class Unknown:
    """The platform may have taken the events; nobody can say. ``after_seconds`` is as in Retry."""

    name: ClassVar[str] = "unknown"
    reason: str
    receipt: Receipt
    after_seconds: float | None = None
    unclassified: bool = False


@dataclass(frozen=True)
class Stop:
    """Nothing was taken, and nothing of this dataset will be until a person has done what ``advice`` says."""

    name: ClassVar[str] = "stop"
    reason: str
    receipt: Receipt
    advice: str


Outcome = Accepted | Refused | Partial | Retry | Unknown | Stop


@dataclass(frozen=True)
class Finding:
    """What a probe found out; None where its answer says nothing of it.

    ``advice`` is what a person does next; ``may_pass`` says that time may mend it.
    """

    is_reached: bool
    is_token_accepted: bool | None
    is_dataset_accepted: bool | None
    advice: str = ""
    may_pass: bool = False


class Destination(Protocol):
    """One platform. ``send`` is called from several threads at once and blocks until there is an outcome."""

    @property
    def capabilities(self) -> Capabilities: ...

    def send(self, batch: Batch) -> Outcome: ...
