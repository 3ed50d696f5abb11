"""Scripted faults, and the addresses that the emulator refuses to serve."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from waybill.emulator import running, serve

Event = Callable[..., dict[str, Any]]


def outcome(sender: Any, events: list[dict[str, Any]]) -> int | str:
    try:
        return int(sender.post(events).status_code)
    except requests.ConnectionError:
        return "lost"


def test_accept_then_drop_books_the_events_and_loses_the_answer(sender: Any, event: Event) -> None:
    sender.emulator.plan("accept_then_drop")
    with pytest.raises(requests.ConnectionError, match=r"without response|reset by peer"):
        sender.post([event(1), event(2)])
    (request,) = sender.emulator.book.requests()
    assert (request.status, request.accepted, request.fault) == (None, 2, "accept_then_drop")
    assert [one.event_id for one in sender.emulator.book.events()] == ["purchase_1", "purchase_2"]
    assert sender.post([event(1), event(2)]).status_code == 200
    assert len(sender.emulator.book.events()) == 4
    assert len(sender.emulator.book.counted("merged")) == 2
    assert sender.emulator.book.summary()["answers"] == {"lost": 1, "200": 1}


def test_a_drop_says_nothing_on_standard_error(sender: Any, event: Event, capfd: pytest.CaptureFixture[str]) -> None:
    sender.emulator.plan("accept_then_drop")
    assert outcome(sender, [event(1)]) == "lost"
    assert capfd.readouterr().err == ""


def test_times_and_from_request(sender: Any, event: Event) -> None:
    sender.emulator.plan("accept_then_drop", times=2, from_request=2)
    assert [outcome(sender, [event(n)]) for n in range(4)] == [200, "lost", "lost", 200]


def test_until_cleared(sender: Any, event: Event) -> None:
    sender.emulator.plan("accept_then_drop", times=None)
    assert [outcome(sender, [event(n)]) for n in range(3)] == ["lost"] * 3
    sender.emulator.clear_faults()
    assert outcome(sender, [event(4)]) == 200


def test_a_refused_request_meets_no_fault(sender: Any, event: Event) -> None:
    sender.emulator.plan("accept_then_drop")
    assert outcome(sender, [event(1, event_name=...)]) == 400
    assert outcome(sender, [event(1)]) == "lost"


def test_what_is_planned_can_be_read(sender: Any) -> None:
    sender.emulator.plan("accept_then_drop", times=3, from_request=5)
    faults = requests.get(f"{sender.emulator.base_url}/_emulator/faults", timeout=30).json()
    assert faults["planned"] == [{"fault": "accept_then_drop", "times": 3, "skip": 4, "options": {}}]
    assert faults["dice"] is None
    assert "accept_then_drop" in faults["kinds"]
    sender.emulator.reset()
    faults = requests.get(f"{sender.emulator.base_url}/_emulator/faults", timeout=30).json()
    assert faults["planned"] == []


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"fault": "explode"}, "accept_then_drop"),
        ({"fault": "accept_then_drop", "times": 0}, "times"),
        ({"fault": "accept_then_drop", "times": True}, "times"),
        ({"fault": "accept_then_drop", "from_request": "2"}, "from_request"),
        ({"fault": "accept_then_drop", "time": 1}, "A plan is an object"),
        ({"fault": "slow", "options": {"minutes": 1}}, "no option 'minutes'; it has: seconds"),
        ({"fault": "slow", "options": {"seconds": -1}}, "seconds"),
        ({"fault": "slow", "options": {"times": 2}}, "no option"),
        ({"fault": "throttled", "options": {"code": 100}}, "80004"),
        ({"fault": "drop", "options": []}, "A plan is an object"),
        ({"seed": "7", "chances": {}}, "seed"),
        ({"seed": 7, "chances": {"explode": 0.5}}, "explode"),
        ({"seed": 7, "chances": {"drop": 2}}, "from 0 to 1"),
        ({"seed": 7, "chances": {"drop": 0.6, "page": 0.6}}, "more than 1"),
        ({"seed": 7, "chances": []}, "A plan is an object"),
        ([], "A plan is an object"),
    ],
)
def test_a_wrong_plan_is_refused(sender: Any, plan: Any, message: str) -> None:
    answer = requests.post(f"{sender.emulator.base_url}/_emulator/faults", json=plan, timeout=30)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_the_handle_raises_on_a_wrong_plan(sender: Any) -> None:
    with pytest.raises(ValueError, match="explode"):
        sender.emulator.plan("explode")


def now() -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "", "example.com", "127.0.0.1.example.com"])  # noqa: S104
def test_only_loopback_is_served(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        serve(tmp_path / "book.sqlite", host, 0, {"1": "t"}, now)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("datasets", [{}, {"1": ""}])
def test_a_dataset_needs_a_token(tmp_path: Path, datasets: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="token"):
        serve(tmp_path / "book.sqlite", "127.0.0.1", 0, datasets, now)


def test_a_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    with running(tmp_path / "book.sqlite", {"1": "t"}) as emulator, pytest.raises(OSError, match="in use"):
        port = int(emulator.base_url.rpartition(":")[2])
        serve(tmp_path / "other.sqlite", "127.0.0.1", port, {"1": "t"}, now)


def test_a_sender_that_hangs_up_halfway_leaves_no_trace(sender: Any, event: Event) -> None:
    host, port = sender.emulator.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /v26.0/1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert sender.post([event(1)]).status_code == 200
    assert len(sender.emulator.book.requests()) == 1
