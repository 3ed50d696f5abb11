"""Answers that do not come, or cannot be believed: never a success, never a loss, never another payload."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from office import DATASET, FILE_ONLY, TOKEN, Office
from outbox import NOW, Event, events, hand_over
from scripted import UNBELIEVABLE, Call, Reply, Scripted, accepted, error

from waybill.errors import ConfigurationError, DestinationUnavailable

KILLED = """
import sys
from datetime import datetime
from waybill.delivery.run import deliver
from waybill.settings import load_settings
deliver(load_settings().model_copy(update={"as_of": datetime.fromisoformat(sys.argv[1])}), "meta")
"""


@FILE_ONLY
def test_a_killed_delivery_is_unknown_and_repeated_with_the_same_bytes(
    scripted_office: Office, platform: Scripted
) -> None:
    hand_over(scripted_office.home, events(3))
    never = threading.Event()
    platform.script = lambda call: Reply(hold=never)
    sender = subprocess.Popen(
        [sys.executable, "-c", KILLED, NOW.isoformat()],
        env={
            **os.environ,
            "WAYBILL_HOME": str(scripted_office.home.root),
            "WAYBILL_META_DATASET_ID": DATASET,
            "WAYBILL_META_ACCESS_TOKEN": TOKEN,
            "WAYBILL_META_BASE_URL": platform.url,
            "WAYBILL_META_START_AT": "2026-11-01T00:00:00Z",
        },
    )
    assert platform.arrived.wait(60)
    sender.send_signal(signal.SIGKILL)
    sender.wait(60)
    never.set()

    assert scripted_office.rows("select outcome from attempts") == [(None,)]  # the intent was there before the bytes
    assert scripted_office.states() == {"sending": 3}

    platform.script = accepted
    report = scripted_office.deliver()

    first, second = platform.calls
    assert first.body == second.body
    assert report.accepted == 3
    assert any("3 events were being sent" in note for note in report.notes)
    assert scripted_office.rows("select outcome from attempts order by attempt_id") == [("unknown",), ("accepted",)]
    assert scripted_office.states() == {"accepted": 3}


@pytest.mark.parametrize("reply", UNBELIEVABLE.values(), ids=UNBELIEVABLE)
def test_an_answer_that_cannot_be_believed_is_recorded_and_no_success(
    scripted_office: Office, platform: Scripted, reply: Reply
) -> None:
    hand_over(scripted_office.home, events(3))
    platform.script = lambda call: reply

    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()

    assert scripted_office.states() == {"unknown": 3}
    assert {outcome for (outcome,) in scripted_office.rows("select outcome from attempts")} == {"unknown"}
    assert len(platform.calls) == 4
    assert len({call.body for call in platform.calls}) == 1

    platform.script = accepted
    assert scripted_office.deliver().accepted == 3
    assert scripted_office.states() == {"accepted": 3}


def test_a_slow_answer_is_unknown_not_failed(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(2))
    scripted_office.change(timeout_seconds=2)  # the repetition must be answered within it, on a busy machine too
    slow = threading.Event()

    def script(call: Call) -> Reply:
        return Reply(hold=slow) if len(platform.calls) == 1 else accepted(call)

    platform.script = script
    scripted_office.deliver()
    slow.set()

    assert scripted_office.rows("select outcome, reason from attempts order by attempt_id") == [
        ("unknown", "no answer (ReadTimeout)"),
        ("accepted", None),
    ]


def test_nothing_listening_means_nothing_left(scripted_office: Office) -> None:
    hand_over(scripted_office.home, events(2))
    scripted_office.change(base_url="http://127.0.0.1:9")  # the discard port: nothing listens

    with pytest.raises(DestinationUnavailable, match="no connection"):
        scripted_office.deliver()

    assert scripted_office.states() == {"pending": 2}
    assert {outcome for (outcome,) in scripted_office.rows("select outcome from attempts")} == {"retry"}


def test_a_throttled_unknown_stays_unknown(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(2))
    platform.script = lambda call: Reply(status=502) if len(platform.calls) == 1 else error(4, status=403)

    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()

    assert scripted_office.states() == {"unknown": 2}


def test_halves_of_an_unknown_batch_stay_unknown_until_answered(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(4))

    def script(call: Call) -> Reply:
        if len(platform.calls) == 1:
            return Reply(status=502)
        return error(100, 2804003) if len(platform.calls) == 2 else error(190, 463, status=401)

    platform.script = script
    with pytest.raises(ConfigurationError):
        scripted_office.deliver()

    assert scripted_office.states() == {"unknown": 4}
    assert scripted_office.rows("select unknown_since is null, state from batches order by batch_id")[0] == (0, "split")


def test_hold_leaves_an_unknown_to_a_person(scripted_office: Office, platform: Scripted) -> None:
    scripted_office.change(on_unknown="hold")
    hand_over(scripted_office.home, events(2))
    platform.script = lambda call: Reply(status=502)

    scripted_office.deliver()
    report = scripted_office.deliver()

    assert report.unknown == 2
    assert len(platform.calls) == 1


def test_no_repeat_after_the_deduplication_window(scripted_office: Office, platform: Scripted) -> None:
    rows = [Event(1), Event(2, kind="store_purchase", window=timedelta(days=62)), Event(3)]
    hand_over(scripted_office.home, rows)
    platform.script = lambda call: Reply(status=502)
    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()
    platform.script = accepted
    platform.calls.clear()

    scripted_office.set_clock(NOW + timedelta(hours=46))
    scripted_office.deliver()
    assert [event["event_id"] for call in platform.calls for event in call.events] == ["purchase_2"]
    assert scripted_office.states() == {"unknown": 2, "accepted": 1}
    assert scripted_office.rows("select distinct state, reason from exceptions") == [("unknown", "held_dedup_window")]

    assert scripted_office.deliver().unknown == 2
    assert len(platform.calls) == 1
    assert scripted_office.rows("select settled_at from files") == [(None,)]


def test_a_whole_batch_past_the_window_is_held(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(2))
    platform.script = lambda call: Reply(status=502)
    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()
    platform.calls.clear()

    scripted_office.set_clock(NOW + timedelta(days=3))
    assert scripted_office.deliver().unknown == 2
    assert scripted_office.deliver().unknown == 2
    assert platform.calls == []
    assert scripted_office.rows("select state, reason from batches") == [("unknown", "held_dedup_window")]


def test_an_answer_that_was_lost_in_the_future_is_not_repeated(scripted_office: Office, platform: Scripted) -> None:
    """The clock ran days ahead: since when the platform remembers the event is known to nobody."""
    hand_over(scripted_office.home, [Event(1), Event(2, window=timedelta(days=30))])
    platform.script = lambda call: Reply(status=502)
    scripted_office.set_clock(NOW + timedelta(days=5))
    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()
    platform.script = accepted
    platform.calls.clear()

    for days in (0, 4):
        scripted_office.set_clock(NOW + timedelta(days=days))
        assert scripted_office.deliver().unknown == 2

    assert platform.calls == []
    assert scripted_office.rows("select state, reason from batches") == [("unknown", "held_dedup_window")]


def test_a_withdrawn_unknown_is_not_repeated(scripted_office: Office, platform: Scripted) -> None:
    delta = hand_over(scripted_office.home, events(3))
    platform.script = lambda call: Reply(status=502)
    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()
    platform.script = accepted
    platform.calls.clear()
    hand_over(
        scripted_office.home,
        [],
        build="20261120T130000000000Z",
        after=delta.file_id,
        withdrawals=[(delta.file_id, 1, "consent")],
    )

    report = scripted_office.deliver()

    assert [event["event_id"] for event in platform.calls[0].events] == ["purchase_1", "purchase_3"]
    assert (report.withdrawn, report.unknown, report.accepted) == (0, 1, 2)
    assert scripted_office.states() == {"accepted": 2, "unknown": 1}
