"""What the platform would count: which of the accepted events survive its deduplication.

Meta, "Deduplicate Pixel and server events" and "Offline events". Whether two *server* events with one name and id are
merged is not promised, so both answers can be asked for.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

SERVER_DUPLICATES: Final = ("merged", "both-kept")
_ONLINE_WINDOW: Final = timedelta(hours=48)
_OFFLINE_WINDOW: Final = timedelta(days=7)


class Countable(Protocol):
    """What counting reads of an accepted event."""

    @property
    def dataset(self) -> str: ...
    @property
    def event_name(self) -> str: ...
    @property
    def event_id(self) -> str | None: ...
    @property
    def offline_key(self) -> str | None: ...
    @property
    def received_at(self) -> str: ...


E = TypeVar("E", bound=Countable)


def check_mode(server_duplicates: str) -> str:
    """The same text when it is a mode; ValueError otherwise."""
    if server_duplicates not in SERVER_DUPLICATES:
        raise ValueError(f"server_duplicates is {' or '.join(SERVER_DUPLICATES)}, not {server_duplicates!r}")
    return server_duplicates


def counted(events: Iterable[E], server_duplicates: str) -> Iterator[E]:
    """The events that count, in the order received: the first of each key, and again once its window is over."""
    merges = check_mode(server_duplicates) == "merged"
    firsts: dict[tuple[str, ...], datetime] = {}
    for event in events:
        key: tuple[str, ...]
        if event.offline_key is not None:
            key, window = (event.dataset, event.offline_key), _OFFLINE_WINDOW
        elif event.event_id is not None and merges:
            key, window = (event.dataset, event.event_name, event.event_id), _ONLINE_WINDOW
        else:
            yield event
            continue
        received_at = datetime.fromisoformat(event.received_at)
        first = firsts.get(key)
        if first is None or received_at - first > window:
            firsts[key] = received_at
            yield event


def offline_key(event: Mapping[str, Any]) -> str | None:
    """What makes two physical_store events of a dataset the same: event_time, event_name, item_number and the order
    (without an order_id: identical user keys). None for other sources, which are never merged with offline events."""
    if event["action_source"] != "physical_store":
        return None
    custom = event.get("custom_data") or {}
    order = custom.get("order_id")
    whose = ["order", order] if order is not None else ["user", event["user_data"]]
    key = [event["event_time"], event["event_name"], custom.get("item_number"), *whose]
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
