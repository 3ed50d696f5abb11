"""How the run loop treats the platform: patience, order, several requests at once, and one deliverer at a time."""

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import pytest
from office import FILE_ONLY, TOKEN, Office, Watch
from outbox import LATER, NOW, Event, events, freeze, hand_over, judge
from scripted import Call, Reply, Scripted, accepted, error

from waybill.delivery.run import deliver
from waybill.errors import ConfigurationError, DestinationUnavailable
from waybill.files import locked


@FILE_ONLY
def test_a_second_deliverer_says_so_and_leaves(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(2))
    held = threading.Event()
    platform.script = lambda call: Reply(accepted(call).status, accepted(call).body, hold=held)
    first = threading.Thread(target=scripted_office.deliver)
    first.start()
    assert platform.arrived.wait(60)

    second = scripted_office.deliver()

    held.set()
    first.join()
    assert (second.sent, second.enrolled, second.accepted) == (0, 0, 0)
    assert any("another delivery" in note for note in second.notes)
    assert len(platform.calls) == 1
    assert scripted_office.states() == {"accepted": 2}


def test_several_requests_are_under_way_at_once(scripted_office: Office, platform: Scripted) -> None:
    scripted_office.change(batch_size=1, threads=3)
    hand_over(scripted_office.home, events(3))
    together = threading.Barrier(3, timeout=60)

    def script(call: Call) -> Reply:
        together.wait()
        return accepted(call)

    platform.script = script
    assert scripted_office.deliver().accepted == 3


def test_the_soonest_expiry_goes_first(scripted_office: Office, platform: Scripted) -> None:
    scripted_office.change(batch_size=1, threads=1)
    hours = [40, 3, 100, 9]
    hand_over(scripted_office.home, [Event(hour, window=timedelta(hours=hour)) for hour in hours])

    scripted_office.deliver()

    sent = [event["event_id"] for call in platform.calls for event in call.events]
    assert sent == [f"purchase_{hour}" for hour in sorted(hours)]


@pytest.mark.parametrize("code", [1, 2, 4, 17, 21009, 80004, 999999])
def test_passing_trouble_is_tried_again_in_the_same_run(scripted_office: Office, platform: Scripted, code: int) -> None:
    hand_over(scripted_office.home, events(2))
    platform.script = lambda call: error(code, status=500) if len(platform.calls) <= 2 else accepted(call)

    report = scripted_office.deliver()

    assert (report.accepted, report.requests) == (2, 3)
    assert report.unclassified == (2 if code == 999999 else 0)
    assert scripted_office.states() == {"accepted": 2}


@pytest.mark.parametrize(("status", "left"), [(400, {"pending": 50}), (500, {"pending": 48, "unknown": 2})])
def test_a_platform_that_stays_away_is_not_besieged(
    scripted_office: Office, platform: Scripted, status: int, left: dict[str, int]
) -> None:
    """With a 4xx it says that it took nothing; a 5xx does not say so, and what was tried is unknown."""
    scripted_office.change(batch_size=1, threads=2)
    hand_over(scripted_office.home, events(50))
    platform.script = lambda call: error(2, status=status)

    with pytest.raises(DestinationUnavailable, match=f"{left['pending']} pending"):
        scripted_office.deliver()

    assert len(platform.calls) <= 4 * 2
    assert scripted_office.states() == left


def test_a_platform_that_names_a_long_wait_is_left_alone(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(2))
    usage = json.dumps({"1": [{"type": "ads_insights", "estimated_time_to_regain_access": 45}]})
    throttled = error(80004, status=400)
    platform.script = lambda call: Reply(400, throttled.body, {"X-Business-Use-Case-Usage": usage})

    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()

    assert len(platform.calls) == 1
    assert scripted_office.rows("select state, not_before from batches") == [("pending", "2026-11-20T12:45:00.000000Z")]


def test_a_wait_that_comes_with_a_5xx_is_kept_too(scripted_office: Office, platform: Scripted) -> None:
    """Counted by the platform's own clock, which is not ours here."""
    hand_over(scripted_office.home, events(2))
    until = {"Date": "Tue, 01 Dec 2026 08:00:00 GMT", "Retry-After": "Tue, 01 Dec 2026 08:45:00 GMT"}
    platform.script = lambda call: Reply(503, b"<html>", until)

    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()

    assert len(platform.calls) == 1
    assert scripted_office.rows("select state, not_before from batches") == [("unknown", "2026-11-20T12:45:00.000000Z")]


def test_a_wait_is_kept_by_later_runs_whose_clock_goes_on(
    scripted_office: Office, platform: Scripted, watch: Watch
) -> None:
    hand_over(scripted_office.home, events(2))
    throttled = error(4)
    platform.script = lambda call: Reply(400, throttled.body, {"Retry-After": "600"})
    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()
    platform.script = accepted
    watch.at = NOW + timedelta(minutes=5)
    scripted_office.settings = scripted_office.settings.model_copy(update={"as_of": None})

    assert scripted_office.deliver().pending == 2
    watch.at = NOW + timedelta(minutes=11)
    assert scripted_office.deliver().accepted == 2


def test_one_batch_that_never_succeeds_does_not_hold_the_others_up(scripted_office: Office, platform: Scripted) -> None:
    scripted_office.change(batch_size=1, threads=2)
    hand_over(scripted_office.home, events(20))
    platform.script = lambda call: error(999) if call.events[0]["event_id"] == "purchase_1" else accepted(call)

    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()

    assert scripted_office.states() == {"pending": 1, "accepted": 19}


def test_a_missing_permission_that_looks_like_a_bad_event_loses_nothing(
    scripted_office: Office, platform: Scripted
) -> None:
    hand_over(scripted_office.home, events(300))
    platform.script = lambda call: error(100)

    with pytest.raises(ConfigurationError, match="code 100"):
        scripted_office.deliver()

    assert scripted_office.states() == {"pending": 300}
    assert len(platform.calls) < 150  # 58 with one thread; each further one cuts other parts meanwhile

    platform.script = accepted
    assert scripted_office.deliver().accepted == 300


def test_a_doubtful_refusal_is_final_once_another_event_was_taken(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(1000))
    ids = [1, 640]
    bad = {f"purchase_{number}" for number in ids}
    platform.script = lambda call: error(100) if bad & {e["event_id"] for e in call.events} else accepted(call)

    report = scripted_office.deliver()

    assert (report.accepted, report.rejected) == (998, 2)
    assert len(platform.calls) <= 2 * 2 * 10 + 2


def test_what_is_too_big_for_a_proxy_is_sent_in_parts(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, [*events(8), Event(9, padding=4000)])
    platform.script = lambda call: Reply(413, b"<html>") if len(call.body) > 2500 else accepted(call)

    report = scripted_office.deliver()

    assert (report.accepted, report.rejected) == (8, 1)
    assert len(platform.calls) <= 15


def test_where_nothing_is_small_enough_nothing_is_given_up(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(8))
    platform.script = lambda call: Reply(413, b"<html>")

    with pytest.raises(ConfigurationError, match=r"8 events were refused \(HTTP 413 .* what a proxy"):
        scripted_office.deliver()

    assert scripted_office.states() == {"pending": 8}


@FILE_ONLY
@pytest.mark.parametrize("bad", [range(1, 26), [*range(1, 12), *range(30, 42)]], ids=["at the head", "in two places"])
def test_doubted_events_do_not_keep_good_ones_waiting(
    scripted_office: Office, platform: Scripted, bad: Sequence[int]
) -> None:
    """More of them than are doubted in a run, and all of them expire before the good ones."""
    scripted_office.change(threads=1)
    rows = [Event(number, window=timedelta(days=2 if number in bad else 6)) for number in range(1, 66)]
    hand_over(scripted_office.home, rows)
    names = {f"purchase_{number}" for number in bad}
    platform.script = lambda call: error(100) if names & {e["event_id"] for e in call.events} else accepted(call)

    report = scripted_office.deliver()

    assert (report.accepted, report.rejected) == (65 - len(bad), len(bad))
    assert len(platform.calls) <= 2 * len(bad) * 7 + 2


@FILE_ONLY
def test_good_events_among_many_doubted_ones_are_found_by_a_later_run(
    scripted_office: Office, platform: Scripted
) -> None:
    """All but one are refused, each in a request of its own, and that one is far from the head and from the end."""
    scripted_office.change(batch_size=1, threads=1)
    hand_over(scripted_office.home, [Event(number, window=timedelta(hours=number)) for number in range(1, 101)])
    platform.script = lambda call: accepted(call) if call.events[0]["event_id"] == "purchase_60" else error(100)

    for _ in range(10):
        with suppress(ConfigurationError):
            scripted_office.deliver()

    assert scripted_office.rows("select state from batches where batch_id = 60") == [("accepted",)]


def test_a_transient_refusal_rejects_nobody(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(1))
    platform.script = lambda call: (
        error(100, 2804003, is_transient=True) if len(platform.calls) == 1 else accepted(call)
    )

    assert scripted_office.deliver().accepted == 1


def test_an_interrupted_delivery_records_the_answers_under_way(
    scripted_office: Office, platform: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted_office.change(batch_size=1, threads=2)
    hand_over(scripted_office.home, events(10))
    from waybill.delivery import sender

    real = sender.wait

    def interrupted(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(sender, "wait", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(sender, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scripted_office.deliver()

    assert scripted_office.states() == {"accepted": 2, "pending": 8}
    assert scripted_office.deliver().accepted == 8
    assert len(platform.calls) == 10


def test_nothing_of_the_platforms_prose_is_kept(scripted_office: Office, platform: Scripted) -> None:
    hand_over(scripted_office.home, events(2))
    platform.script = lambda call: error(190, 463, status=401, error_user_msg="person7@example.com")

    with pytest.raises(ConfigurationError) as stopped:
        scripted_office.deliver()

    assert "subcode 463" in str(stopped.value)
    assert "person7" not in str(stopped.value) and TOKEN not in repr(stopped.value)
    assert "person7" not in str(scripted_office.dump())


@FILE_ONLY
def test_stores_are_for_their_owner_only(scripted_office: Office) -> None:
    hand_over(scripted_office.home, events(1))
    scripted_office.deliver()

    made = [*scripted_office.home.root.glob("ledger*")]
    made += (scripted_office.home.published / "delivery").rglob("*.parquet")
    assert len(made) >= 6
    assert {path.stat().st_mode & 0o077 for path in made} == {0}


def test_a_publisher_does_not_wait_for_a_delivery(scripted_office: Office) -> None:
    from waybill.delivery.publish import publish

    scripted_office.home.create()
    with locked(scripted_office.home.root / "ledger.meta.lock") as alone:
        assert alone
        assert publish(scripted_office.settings).counts()["files"] == 0


def test_quarantined_rows_may_come_again(scripted_office: Office, platform: Scripted) -> None:
    first = freeze(scripted_office.home, events(3))
    judge(first, quarantined=[1])
    scripted_office.deliver()
    hand_over(scripted_office.home, [Event(2)], build=LATER, after=first.file_id)

    assert deliver(scripted_office.settings, "meta").accepted == 1
    sent = [event["event_id"] for call in platform.calls for event in call.events]
    assert sent == ["purchase_1", "purchase_3", "purchase_2"]


def test_what_waits_for_a_dataset_that_the_settings_lost_expires_all_the_same(
    scripted_office: Office, platform: Scripted
) -> None:
    hand_over(scripted_office.home, [Event(1), Event(2, dataset="gone"), Event(3, dataset="gone")])
    with pytest.raises(ConfigurationError, match="no such dataset"):
        scripted_office.deliver()
    scripted_office.set_clock(NOW + timedelta(days=8))
    with pytest.raises(ConfigurationError, match="no such dataset"):
        scripted_office.deliver()  # which ends them

    assert scripted_office.deliver().requests == 0
    assert scripted_office.states() == {"accepted": 1, "expired": 2}
    assert scripted_office.rows("select count(*) from files where settled_at is null") == [(0,)]
