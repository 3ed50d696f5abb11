"""The book holds exactly what was accepted, survives the process, and says what Meta would count."""

import hashlib
import json
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from waybill.emulator import Book, running

Event = Callable[..., dict[str, Any]]


def test_the_text_of_an_event_is_kept_as_sent(sender: Any, event: Event) -> None:
    first = json.dumps(event(1), separators=(",", ":"), ensure_ascii=False).replace("12.5", "12.50")
    second = json.dumps(event(2), indent=3)
    sender.post_raw(f'{{ "data" : [ {first} ,{second}\n] }}'.encode())
    events = sender.emulator.book.events()
    assert [one.payload for one in events] == [first, second]
    assert [one.sha256 for one in events] == [hashlib.sha256(t.encode()).hexdigest() for t in (first, second)]


def test_each_request_and_event_is_booked(sender: Any, event: Event) -> None:
    sender.post([event(1), event(2, source="physical_store")])
    trace_id = sender.post([event(31337, event_name=...)]).json()["error"]["fbtrace_id"]
    good, refused = sender.emulator.book.requests()
    assert (good.received_at, good.dataset, good.status) == ("2026-11-21T08:15:00.000000Z", "1234567890", 200)
    assert (good.events, good.accepted, good.token_place) == (2, 2, "header")
    assert (refused.status, refused.code, refused.subcode, refused.rule) == (400, 100, 2804019, "event_name")
    assert (refused.events, refused.accepted, refused.trace_id) == (1, 0, trace_id)
    one, two = sender.emulator.book.events()
    assert (one.request_id, one.position, two.position) == (good.request_id, 0, 1)
    assert (one.event_name, one.event_id, one.action_source) == ("Purchase", "purchase_1", "website")
    assert two.action_source == "physical_store"
    files = [one.read_bytes() for one in sender.emulator.book.path.parent.iterdir()]
    assert any(b"purchase_1" in one for one in files)
    assert not any(b"purchase_31337" in one for one in files)


def test_only_the_owner_reads_the_book(tmp_path: Path, event: Event) -> None:
    path = tmp_path / "old.sqlite"
    path.touch(mode=0o644)
    with running(path, {"1": "t"}) as emulator:
        requests.get(emulator.base_url, timeout=30)
        assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize(("mode", "expected"), [("merged", ["purchase_1", "purchase_2"]), ("both-kept", None)])
def test_repeats_within_48_hours(sender: Any, clock: Any, event: Event, mode: str, expected: Any) -> None:
    sender.post([event(1), event(2), event(1)])
    clock.pass_time(hours=48)
    sender.post([event(1, custom_data__value=99)])
    counted = [one.event_id for one in sender.emulator.book.counted(mode)]
    assert counted == (expected or ["purchase_1", "purchase_2", "purchase_1", "purchase_1"])


def test_a_repeat_after_48_hours_of_the_first_counts_again(sender: Any, clock: Any, event: Event) -> None:
    sender.post([event(1)])
    clock.pass_time(hours=47)
    sender.post([event(1)])  # discarded, and does not lengthen the window
    clock.pass_time(hours=1, seconds=1)
    sender.post([event(1)])
    assert [one.request_id for one in sender.emulator.book.counted()] == [1, 3]


def test_name_dataset_and_id_tell_events_apart(sender: Any, event: Event) -> None:
    sender.post([event(1), event(1, event_name="Lead"), event(1, event_id=...), event(1, event_id=...)])
    other = sender.url.replace("1234567890", "9876543210")
    requests.post(other, json={"data": [event(1)], "access_token": "another-made-up-token"}, timeout=30)
    assert len(sender.emulator.book.counted("merged")) == 5
    assert sender.emulator.book.summary()["events_distinct"] == 5


OFFLINE = [
    ({}, {}, 1),
    ({"event_id": "a"}, {"event_id": "b"}, 1),
    ({}, {"user_data__ph": "b" * 64}, 1),
    ({}, {"custom_data__value": 3}, 1),
    ({"custom_data__item_number": "1"}, {"custom_data__item_number": "2"}, 2),
    ({}, {"custom_data__order_id": "other"}, 2),
    ({}, {"event_time": 1_795_248_000}, 2),
    ({}, {"event_name": "Lead"}, 2),
    ({"custom_data__order_id": ...}, {"custom_data__order_id": ...}, 1),
    ({"custom_data__order_id": ...}, {"custom_data__order_id": ..., "user_data__ph": "b" * 64}, 2),
    ({}, {"source": "website"}, 2),
]


@pytest.mark.parametrize("mode", ["merged", "both-kept"])
@pytest.mark.parametrize(("one", "two", "expected"), OFFLINE)
def test_offline_events(
    sender: Any, event: Event, one: dict[str, Any], two: dict[str, Any], expected: int, mode: str
) -> None:
    sender.post([event(1, **{"source": "physical_store"} | change) for change in (one, two)])
    assert len(sender.emulator.book.counted(mode)) == expected


def test_offline_events_are_merged_for_seven_days(sender: Any, clock: Any, event: Event) -> None:
    for days in (0, 7, 1):
        clock.pass_time(days=days)
        sender.post([event(1, source="physical_store")])
    assert [one.request_id for one in sender.emulator.book.counted()] == [1, 3]


def test_the_mode_of_the_server_is_the_default(tmp_path: Path, event: Event, clock: Any) -> None:
    path = tmp_path / "book.sqlite"
    with running(path, {"1": "t"}, now=clock.now, server_duplicates="both-kept") as emulator:
        url = f"{emulator.base_url}/v26.0/1/events"
        requests.post(url, json={"data": [event(1), event(1)], "access_token": "t"}, timeout=30)
        summary = requests.get(f"{emulator.base_url}/_emulator/summary", timeout=30).json()
    assert summary == Book(path).summary()
    assert summary == {
        "requests": 1,
        "answers": {"200": 1},
        "events_accepted": 2,
        "events_distinct": 1,
        "events_counted": 2,
        "server_duplicates": "both-kept",
        "event_names": {"Purchase": 2},
        "token_in_url": 0,
        "warnings": {"event_id_repeated": 1},
    }
    with running(path, {"1": "t"}, now=clock.now) as emulator:  # a restart goes on in the same book
        assert [one.event_id for one in emulator.book.counted()] == ["purchase_1"]
    with pytest.raises(ValueError, match="merged or both-kept"):
        Book(path).counted("sometimes")


def test_control_lists_show_no_people_unless_asked(sender: Any, event: Event) -> None:
    sender.post([event(number) for number in range(3)])
    control = sender.emulator.base_url + "/_emulator"
    for name in ("events", "counted"):
        plain = requests.get(f"{control}/{name}", params={"limit": 1, "offset": 1}, timeout=30)
        assert (plain.json()["total"], len(plain.json()["events"])) == (3, 1)
        assert "user_data" not in plain.text
        shown = requests.get(f"{control}/{name}", params={"user_data": "1"}, timeout=30).json()
        assert [one["payload"] for one in shown["events"]] == [event(number) for number in range(3)]
    assert requests.get(f"{control}/health", timeout=30).json()["status"] == "ok"
    assert len(requests.get(f"{control}/requests", timeout=30).json()["requests"]) == 1
    assert requests.get(f"{control}/events?limit=x", timeout=30).status_code == 400


def test_reset_empties_the_book(sender: Any, event: Event) -> None:
    sender.post([event(1)])
    sender.emulator.reset()
    assert (sender.emulator.book.requests(), sender.emulator.book.events()) == ([], [])
    sender.post([event(1)])
    assert sender.emulator.book.requests()[0].request_id == 1


def test_a_missing_book_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.sqlite"):
        Book(tmp_path / "none.sqlite").events()


def test_a_file_that_is_no_book_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n" * 100)
    with pytest.raises(ValueError, match=r"notes\.txt"), running(path, {"1": "t"}):
        pass
    assert path.read_text() == "my notes\n" * 100


SERVER = """
import sys
from datetime import UTC, datetime
from waybill.emulator import serve
serve(sys.argv[1], "127.0.0.1", 0, {"1": "t"}, lambda: datetime(2026, 11, 21, 8, 15, tzinfo=UTC),
      on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


def start_server(book: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVER, str(book)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_what_was_answered_survives_sigkill(tmp_path: Path, event: Event) -> None:
    book = tmp_path / "book.sqlite"
    process, url = start_server(book)
    with process:
        body = {"data": [event(number) for number in range(50)], "access_token": "t"}
        assert requests.post(f"{url}/v26.0/1/events", json=body, timeout=60).status_code == 200
        process.kill()
    assert len(Book(book).events()) == 50
    with running(book, {"1": "t"}) as emulator:
        assert len(emulator.book.counted()) == 50


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_serving_cleanly(tmp_path: Path, sign: signal.Signals) -> None:
    process, url = start_server(tmp_path / "book.sqlite")
    with process, requests.Session() as session:  # a kept connection does not keep the server
        assert session.get(f"{url}/_emulator/health", timeout=60).json()["datasets"] == ["1"]
        process.send_signal(sign)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "stopped\n", "")
