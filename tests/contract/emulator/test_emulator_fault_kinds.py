"""Every kind of fault: what a sender meets, what is booked of it, and that seeded faults can be repeated."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from waybill.emulator.faults import KINDS, THROTTLES

TOKEN = "made-up-token"  # the one that conftest.py lets in
Event = Callable[..., dict[str, Any]]

# name: what the sender meets (status and code, or "lost"), the status in the book
MET: dict[str, tuple[Any, int | None]] = {
    "slow": (200, 200),
    "throttled": ((429, 4, None), 429),
    "server_error": ((500, 2, None), 500),
    "accept_then_server_error": ((500, 2, None), 500),
    "bad_gateway": ("<html>", 502),
    "accept_then_bad_gateway": ("<html>", 502),
    "drop": ("lost", None),
    "accept_then_drop": ("lost", None),
    "accept_then_reset": ("lost", None),
    "accept_then_cut": ("lost", None),
    "accept_then_too_few": (200, 200),
    "page": ("<html>", 200),
    "accept_then_page": ("<html>", 200),
    "accept_then_error_inside": (200, 200),
    "token_revoked": ((401, 190, 460), 401),
    "not_ready": ((400, 21009, None), 400),
    "quoting": ((400, 100, 2804019), 400),
}


def met(sender: Any, events: list[dict[str, Any]]) -> Any:
    try:
        answer = sender.post(events)
    except requests.RequestException:
        return "lost"
    if answer.headers["Content-Type"].startswith("text/html"):
        assert answer.text.startswith("<html>")
        return "<html>"
    if answer.status_code == 200:
        return 200
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")


@pytest.mark.parametrize("name", KINDS)
def test_a_fault_does_what_it_says(sender: Any, event: Event, name: str) -> None:
    sender.emulator.plan(name, times=1, **({"seconds": 0.05} if name == "slow" else {}))
    accepted = name.startswith("accept_then") or name == "slow"
    assert met(sender, [event(1), event(2)]) == MET[name][0]
    (request,) = sender.emulator.book.requests()
    assert (request.status, request.fault, request.events) == (MET[name][1], name, 2)
    assert request.accepted == (2 if accepted else 0)
    assert len(sender.emulator.book.events()) == (2 if accepted else 0)
    assert met(sender, [event(3)]) == 200


def test_every_kind_says_whether_events_are_accepted() -> None:
    assert MET.keys() == KINDS.keys()
    assert {name for name, kind in KINDS.items() if kind.accepts} == {
        name for name in KINDS if name.startswith("accept_then") or name == "slow"
    }


def test_a_quoting_repeats_the_event_and_the_token_and_books_neither(sender: Any, event: Event) -> None:
    sender.emulator.plan("quoting")
    said = sender.post([event(1)]).json()["error"]["error_user_msg"]
    assert json.dumps(event(1)["event_name"]) in said and TOKEN in said
    assert TOKEN.encode() not in sender.emulator.book.path.read_bytes()


def test_slow_takes_its_time(sender: Any, event: Event) -> None:
    sender.emulator.plan("slow", seconds=0.4)
    started = time.monotonic()
    assert met(sender, [event()]) == 200
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize("code", sorted(THROTTLES))
def test_throttled_says_when_to_come_back(sender: Any, event: Event, code: int) -> None:
    sender.emulator.plan("throttled", code=code, minutes=7)
    answer = sender.post([event()])
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, code)
    ((usage,),) = json.loads(answer.headers["X-Business-Use-Case-Usage"]).values()
    assert usage["estimated_time_to_regain_access"] == 7


def test_throttled_without_an_estimate(sender: Any, event: Event) -> None:
    sender.emulator.plan("throttled", minutes=0)
    assert "X-Business-Use-Case-Usage" not in sender.post([event()]).headers


def test_too_few_and_error_inside_are_successes_that_contradict_themselves(sender: Any, event: Event) -> None:
    sender.emulator.plan("accept_then_too_few")
    sender.emulator.plan("accept_then_error_inside")
    assert sender.post([event(1), event(2)]).json()["events_received"] == 1
    inside = sender.post([event(1)]).json()
    assert inside["events_received"] == 1
    assert inside["error"]["code"] == 1


def raw(sender: Any, event: dict[str, Any]) -> bytes:
    """What comes over the wire until the connection ends; a reset raises."""
    host, port = sender.emulator.base_url.removeprefix("http://").split(":")
    body = json.dumps({"data": [event]}).encode()
    head = f"POST {sender.url.removeprefix(sender.emulator.base_url)} HTTP/1.1\r\nHost: x\r\n"
    head += f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    received = b""
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        while part := connection.recv(4096):
            received += part
    return received


def test_a_cut_answer_promises_more_than_it_sends(sender: Any, event: Event) -> None:
    sender.emulator.plan("accept_then_cut")
    head, _, body = raw(sender, event()).partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert 0 < len(body) < promised


def test_a_drop_ends_the_connection_and_a_reset_resets_it(sender: Any, event: Event) -> None:
    sender.emulator.plan("drop")
    sender.emulator.plan("accept_then_reset")
    assert raw(sender, event(1)) == b""
    with pytest.raises(ConnectionResetError):
        raw(sender, event(2))


def test_a_revoked_token_stays_revoked(sender: Any, event: Event) -> None:
    sender.emulator.plan("token_revoked", from_request=2)
    assert [met(sender, [event(n)]) for n in range(3)] == [200, (401, 190, 460), (401, 190, 460)]
    sender.emulator.clear_faults()
    assert met(sender, [event(4)]) == 200


def test_no_fault_says_a_word_on_standard_error(sender: Any, event: Event, capfd: pytest.CaptureFixture[str]) -> None:
    for name in KINDS:
        sender.emulator.plan(name, times=1)
        met(sender, [event()])
    assert capfd.readouterr().err == ""


def thrown(sender: Any, event: Event, seed: int) -> list[str | None]:
    sender.emulator.reset()
    sender.emulator.roll(seed, {"drop": 0.2, "accept_then_drop": 0.2, "not_ready": 0.2})
    for number in range(30):
        met(sender, [event(number)])
    return [request.fault for request in sender.emulator.book.requests()]


def test_the_same_seed_gives_the_same_faults(sender: Any, event: Event) -> None:
    first = thrown(sender, event, seed=7)
    assert set(first) == {None, "drop", "accept_then_drop", "not_ready"}
    assert thrown(sender, event, seed=7) == first
    assert thrown(sender, event, seed=8) != first


def test_what_is_planned_comes_before_the_dice(sender: Any, event: Event) -> None:
    sender.emulator.roll(7, {"drop": 1.0})
    sender.emulator.plan("not_ready")
    assert met(sender, [event(1)]) == (400, 21009, None)
    assert met(sender, [event(2)]) == "lost"
    faults = requests.get(f"{sender.emulator.base_url}/_emulator/faults", timeout=30).json()
    assert faults["dice"] == {"seed": 7, "chances": {"drop": 1.0}}
    sender.emulator.clear_faults()
    assert met(sender, [event(3)]) == 200
