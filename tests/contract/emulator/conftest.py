"""A running emulator with a clock that stands still, and good events to spoil. All people are made up."""

import hashlib
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from waybill.emulator import Emulator, running

DATASET = "1234567890"
TOKEN = "made-up-token"
OTHER_DATASET = "9876543210"
OTHER_TOKEN = "another-made-up-token"
NOW = datetime(2026, 11, 21, 8, 15, tzinfo=UTC)


@dataclass
class StandingClock:
    """A clock that a test moves."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def pass_time(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass(frozen=True)
class Sender:
    """Posts to an emulator as a product would."""

    emulator: Emulator
    url: str

    def post(self, events: list[Any], **fields: Any) -> requests.Response:
        return requests.post(
            self.url,
            data=json.dumps({"data": events, **fields}),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
            timeout=30,
        )

    def post_raw(self, body: str | bytes, content_type: str = "application/json") -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": content_type}
        return requests.post(self.url, data=body, headers=headers, timeout=30)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_event(number: int = 1, *, source: str = "website", **changes: Any) -> dict[str, Any]:
    """A good Purchase; ``changes`` are by path (``user_data__em``), and ``...`` removes what is there."""
    event: dict[str, Any] = {
        "event_name": "Purchase",
        "event_time": int(NOW.timestamp()) - 600,
        "event_id": f"purchase_{number}",
        "action_source": source,
        "user_data": {"em": [sha256(f"buyer{number}@example.com")]},
        "custom_data": {"value": 12.5, "currency": "USD", "order_id": str(number)},
    }
    if source == "website":
        event["event_source_url"] = "https://shop.example.com/thanks"
        event["user_data"]["client_user_agent"] = "Mozilla/5.0 (X11; Linux x86_64)"
    for path, value in changes.items():
        *parents, key = path.split("__")
        holder = event
        for parent in parents:
            holder = holder.setdefault(parent, {})
        if value is ...:
            holder.pop(key, None)
        else:
            holder[key] = deepcopy(value)
    return event


@pytest.fixture(scope="session")
def running_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, StandingClock]]:
    """One server for all tests (stopping one takes 0.2 s); each test gets it with an empty book."""
    clock = StandingClock()
    book = tmp_path_factory.mktemp("emulator") / "book.sqlite"
    with running(book, {DATASET: TOKEN, OTHER_DATASET: OTHER_TOKEN}, now=clock.now) as one:
        yield one, clock


@pytest.fixture
def clock(running_emulator: tuple[Emulator, StandingClock]) -> StandingClock:
    _, clock = running_emulator
    clock.at = NOW
    return clock


@pytest.fixture
def sender(running_emulator: tuple[Emulator, StandingClock], clock: StandingClock) -> Sender:
    emulator, _ = running_emulator
    emulator.reset()
    return Sender(emulator, f"{emulator.base_url}/v26.0/{DATASET}/events")


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    return make_event
