"""Who is left alone, until when: what the platform asks for binds every run, and our own patience costs no event."""

from contextlib import suppress
from datetime import timedelta

import pytest
from office import FILE_ONLY, SERVER_ONLY, Office, Watch
from outbox import LATER, NOW, Event, events, hand_over
from scripted import Call, Reply, Scripted, accepted, error

from waybill.delivery import pauses
from waybill.delivery.actions import Author
from waybill.delivery.retry import RetryPolicy
from waybill.delivery.run import deliver
from waybill.errors import ConfigurationError, DestinationUnavailable

PATIENT = RetryPolicy(longest_seconds=0.01)
"""Short waits inside a run; between runs those of every day."""


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.fixture
def desk(scripted_office: Office, watch: Watch) -> Office:
    scripted_office.settings = scripted_office.settings.model_copy(update={"as_of": None})
    scripted_office.change(batch_size=1, threads=1)
    return scripted_office


def throttled(seconds: int) -> Reply:
    return Reply(400, error(4).body, {"Retry-After": str(seconds)})


def test_a_throttle_holds_for_all_that_waits_or_is_enrolled_until_it_is_over(
    desk: Office, platform: Scripted, watch: Watch
) -> None:
    first = hand_over(desk.home, events(3))
    platform.script = lambda call: throttled(600)
    with pytest.raises(DestinationUnavailable):
        desk.deliver()
    platform.script = accepted
    hand_over(desk.home, events(1, first=4), build=LATER, after=first.file_id)

    watch.at += minutes(9)
    report = desk.deliver()

    assert (report.enrolled, report.pending, len(platform.calls)) == (1, 4, 1)
    assert any("left alone until 2026-11-20 12:10 UTC" in note for note in report.notes)
    desk.change(mode="shadow")
    assert desk.deliver().would_send == 0
    desk.change(mode="on")
    watch.at += minutes(1)
    assert desk.deliver().accepted == 4


def test_a_person_may_end_a_rest_that_was_nonsense(desk: Office, platform: Scripted, watch: Watch) -> None:
    hand_over(desk.home, events(3))
    platform.script = lambda call: throttled(6 * 86_400)
    with pytest.raises(DestinationUnavailable):
        desk.deliver()
    platform.script = accepted
    author = Author("Ada", "ticket 4711")
    with pytest.raises(ConfigurationError, match=r"is not paused.*It rests; `waybill resume meta --now` ends that"):
        pauses.resume(desk.settings, "meta", author)
    assert desk.deliver().pending == 3

    resumed = pauses.resume(desk.settings, "meta", author, now=True)

    assert "left dataset 'main' alone until 2026-11-26 12:00 UTC. The next" in resumed.sentence()
    assert desk.deliver().accepted == 3
    assert desk.rows("select who, verb, because from actions") == [("Ada", "resume", "ticket 4711")]
    with pytest.raises(ConfigurationError, match=r"nothing was changed\.$"):
        pauses.resume(desk.settings, "meta", author, now=True)


def test_the_end_of_a_pause_is_not_the_end_of_a_rest(desk: Office, platform: Scripted) -> None:
    hand_over(desk.home, events(3))
    platform.script = lambda call: throttled(600)
    with pytest.raises(DestinationUnavailable):
        desk.deliver()
    platform.script = accepted
    author = Author("Ada", "ticket 4711")
    pauses.pause(desk.settings, "meta", author)
    assert pauses.resume(desk.settings, "meta", author).rests == {}
    assert desk.deliver().pending == 3


@SERVER_ONLY
def test_a_throttle_holds_for_a_deliverer_that_has_listed_its_work_before(desk: Office, platform: Scripted) -> None:
    hand_over(desk.home, events(4))

    def script(call: Call) -> Reply:
        if len(platform.calls) == 1:
            with pytest.raises(DestinationUnavailable, match="code 4"):
                desk.deliver()  # another one, at the same ledger
            return accepted(call)
        return throttled(600)

    platform.script = script
    with pytest.raises(DestinationUnavailable, match="left alone until 2026-11-20 12:10 UTC"):
        desk.deliver()

    assert len(platform.calls) == 2
    assert desk.states() == {"accepted": 1, "pending": 3}


def test_a_throttle_without_an_estimate_holds_for_the_dataset_too(
    desk: Office, platform: Scripted, watch: Watch
) -> None:
    hand_over(desk.home, events(5))
    platform.script = lambda call: error(80004, 2446079, status=429)
    with pytest.raises(DestinationUnavailable):
        deliver(desk.settings, "meta", policy=PATIENT)
    platform.calls.clear()

    watch.at += timedelta(seconds=1)
    report = deliver(desk.settings, "meta", policy=PATIENT)

    assert (report.requests, report.pending) == (0, 5)
    watch.at += minutes(16)
    platform.script = accepted
    assert deliver(desk.settings, "meta", policy=PATIENT).accepted == 5


@FILE_ONLY
def test_of_two_waits_the_longer_one_counts(desk: Office, platform: Scripted, watch: Watch) -> None:
    desk.change(threads=2)
    hand_over(desk.home, events(2))
    platform.script = lambda call: throttled(600 if call.events[0]["event_id"] == "purchase_1" else 60)
    with pytest.raises(DestinationUnavailable):
        desk.deliver()

    watch.at += minutes(9)

    assert desk.deliver().requests == 0


@FILE_ONLY
def test_what_expires_in_a_rest_does_so_and_the_rest_of_its_batch_goes_on_resting(
    desk: Office, platform: Scripted, watch: Watch
) -> None:
    desk.change(batch_size=2)
    hours = [Event(number, minutes_ago=0, window=minutes(number)) for number in (5, 6, 7, 90)]
    hand_over(desk.home, hours)
    platform.script = lambda call: throttled(600)
    with pytest.raises(DestinationUnavailable):
        desk.deliver()

    watch.at += minutes(8)
    report = desk.deliver()

    assert (report.expired, report.pending, len(platform.calls)) == (3, 1, 1)
    assert desk.states() == {"expired": 3, "pending": 1}


@FILE_ONLY
def test_our_own_patience_never_outlasts_an_event(desk: Office, platform: Scripted, watch: Watch) -> None:
    """The platform is away for eight minutes of the fourteen in which the event may be sent."""
    hand_over(desk.home, [Event(1, minutes_ago=0, window=minutes(14))])
    for minute in range(14):
        watch.at = NOW + minutes(minute)
        platform.script = accepted if minute >= 8 else lambda call: error(2)
        with suppress(DestinationUnavailable):
            deliver(desk.settings, "meta", policy=PATIENT)

    assert desk.states() == {"accepted": 1}


@FILE_ONLY
def test_our_own_patience_never_outlasts_the_time_in_which_a_lost_answer_may_be_repeated(
    desk: Office, platform: Scripted, watch: Watch
) -> None:
    """46 hours; the platform is away until four minutes before their end."""
    hand_over(desk.home, [Event(1)])
    platform.script = lambda call: error(2, status=500)
    for at in (minutes(0), *(timedelta(hours=46) - minutes(left) for left in (25, 10))):
        watch.at = NOW + at
        with suppress(DestinationUnavailable):
            deliver(desk.settings, "meta", policy=PATIENT)
    platform.script = accepted

    watch.at = NOW + timedelta(hours=46) - minutes(4)

    assert deliver(desk.settings, "meta", policy=PATIENT).accepted == 1


@FILE_ONLY
@pytest.mark.parametrize("reply", [error(2), throttled(600)], ids=["our own rest", "one that was asked for"])
def test_a_rest_that_was_noted_in_the_future_is_void(
    desk: Office, platform: Scripted, watch: Watch, reply: Reply
) -> None:
    """The machine's clock was six days ahead for one run, and then put right."""
    hand_over(desk.home, events(3))
    watch.at = NOW + timedelta(days=6)
    platform.script = lambda call: reply
    with pytest.raises(DestinationUnavailable):
        deliver(desk.settings, "meta", policy=PATIENT)
    platform.script = accepted

    watch.at = NOW + minutes(1)

    assert deliver(desk.settings, "meta", policy=PATIENT).accepted == 3


@FILE_ONLY
def test_a_rest_holds_for_a_machine_whose_clock_is_a_little_behind(
    desk: Office, platform: Scripted, watch: Watch
) -> None:
    hand_over(desk.home, events(3))
    watch.at = NOW + timedelta(seconds=30)
    platform.script = lambda call: throttled(3600)
    with pytest.raises(DestinationUnavailable):
        desk.deliver()
    platform.script = accepted

    watch.at = NOW

    assert desk.deliver().requests == 0
