"""Shadow and daily cap: what would be sent, and no more than so many a day."""

from datetime import timedelta

import pytest
from office import Office, Watch
from outbox import LATER, NOW, Event, events, hand_over
from scripted import Call, Reply, Scripted, accepted, error
from shell import Shell

from waybill.delivery import pauses
from waybill.delivery.actions import Author
from waybill.delivery.report import DeliveryReport
from waybill.emulator import Emulator
from waybill.errors import DestinationUnavailable


def sent(platform: Scripted) -> list[str]:
    return [event["event_id"] for call in platform.calls for event in call.events]


def test_the_shadow_counts_and_leaves_ledger_and_platform_as_they_were(office: Office, emulator: Emulator) -> None:
    shell = Shell(office, {"mode": '"shadow"'})
    delta = hand_over(office.home, [*events(3), Event(4, minutes_ago=9 * 24 * 60)])
    answer = shell.waybill("deliver", "--json")
    counts = answer.json["destinations"]["meta"]
    assert (answer.code, counts["would_send"], counts["enrolled"], counts["sent"]) == (0, 3, 0, 0)
    assert "3 events would be sent to meta in 1 requests; nothing was enrolled or sent" in answer.err
    assert emulator.book.requests() == []

    shell.options["mode"] = '"on"'
    assert shell.waybill("deliver", "--json").json["destinations"]["meta"]["accepted"] == 3
    before = office.dump()
    hand_over(office.home, events(2, first=5), build=LATER, after=delta.file_id)
    shell.options["mode"] = '"shadow"'
    assert shell.waybill("deliver", "--json").json["destinations"]["meta"]["would_send"] == 2
    assert office.dump() == before


def test_the_shadow_knows_what_waits_and_what_was_taken_back(scripted_office: Office, platform: Scripted) -> None:
    shell = Shell(scripted_office)
    delta = hand_over(scripted_office.home, [Event(1), Event(2), Event(3, window=timedelta(hours=1))])
    platform.script = lambda call: error(4, status=403)
    assert shell.waybill("deliver").code == 3
    hand_over(scripted_office.home, [], build=LATER, after=delta.file_id, withdrawals=[(delta.file_id, 1, "consent")])
    before, requests = scripted_office.dump(), len(platform.calls)
    shell.now, shell.options["mode"] = NOW + timedelta(hours=2), '"shadow"'
    counts = shell.waybill("deliver", "--json").json["destinations"]["meta"]
    assert (counts["would_send"], counts["pending"]) == (1, 3)
    assert scripted_office.dump() == before
    assert len(platform.calls) == requests


def shadowed(office: Office) -> DeliveryReport:
    """A delivery in the shadow, after which the setting is what it was."""
    office.change(mode="shadow")
    report = office.deliver()
    office.change(mode="on")
    return report


def test_the_shadow_keeps_to_the_cap(scripted_office: Office, platform: Scripted) -> None:
    scripted_office.change(daily_cap=3, batch_size=10)
    hand_over(scripted_office.home, events(20))
    assert shadowed(scripted_office).would_send == 3
    platform.script = lambda call: error(4, status=403)
    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()
    platform.script = accepted
    assert shadowed(scripted_office).would_send == scripted_office.deliver().sent == 3  # a repeat costs nothing
    report = shadowed(scripted_office)
    assert report.would_send == scripted_office.deliver().sent == 0
    assert any("the daily cap of 3 events is reached" in note for note in report.notes)
    scripted_office.change(daily_cap=5)
    assert shadowed(scripted_office).would_send == scripted_office.deliver().sent == 2


def test_the_shadow_of_a_paused_destination_sends_nothing(scripted_office: Office) -> None:
    hand_over(scripted_office.home, events(2))
    pauses.pause(scripted_office.settings, "meta", Author("Ada", "ticket 4711"))
    report = shadowed(scripted_office)
    assert report.would_send == 0
    assert any("meta is paused" in note for note in report.notes)
    pauses.resume(scripted_office.settings, "meta", Author("Ada", "ticket 4711"))
    assert shadowed(scripted_office).would_send == 2


def test_the_shadow_leaves_out_a_dataset_that_the_settings_do_not_have(scripted_office: Office) -> None:
    hand_over(scripted_office.home, [Event(1), Event(2, dataset="second")])
    report = shadowed(scripted_office)
    assert report.would_send == 1
    assert any("no dataset 'second'" in note for note in report.notes)


def test_the_shadow_takes_over_what_a_killed_delivery_was_sending(scripted_office: Office, platform: Scripted) -> None:
    """In a file at once, since nobody else can be sending; on a server when the lease has run out."""
    hand_over(scripted_office.home, events(2))
    platform.script = lambda call: error(4, status=403)
    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()
    platform.script = accepted
    change = "update batches set state = 'sending', lease_until = '{}'"
    scripted_office.rows(change.format("2099-01-01T00:00:00.000000Z"))
    if scripted_office.home.ledger_uri is not None:
        assert shadowed(scripted_office).would_send == scripted_office.deliver().sent == 0
        scripted_office.rows(change.format("2026-01-01T00:00:00.000000Z"))
    assert shadowed(scripted_office).would_send == scripted_office.deliver().sent == 2


def test_the_shadow_leaves_alone_what_rests_and_what_may_not_be_repeated(
    scripted_office: Office, platform: Scripted, watch: Watch
) -> None:
    hand_over(scripted_office.home, events(2))
    platform.script = lambda call: Reply(503, b"<html>", {"Retry-After": "600"})
    with pytest.raises(DestinationUnavailable):
        scripted_office.deliver()
    platform.script = accepted
    watch.at = NOW + timedelta(minutes=5)
    scripted_office.settings = scripted_office.settings.model_copy(update={"as_of": None})

    assert shadowed(scripted_office).would_send == scripted_office.deliver().sent == 0
    watch.at = NOW + timedelta(minutes=11)
    assert shadowed(scripted_office).would_send == 2
    watch.at = NOW + timedelta(hours=47)
    assert shadowed(scripted_office).would_send == scripted_office.deliver().sent == 0


def test_no_more_than_the_cap_on_one_utc_day(scripted_office: Office, platform: Scripted) -> None:
    shell = Shell(scripted_office, {"daily_cap": "5", "batch_size": "4"})
    hand_over(scripted_office.home, events(12))
    answer = shell.waybill("deliver", "--json")
    counts = answer.json["destinations"]["meta"]
    assert (answer.code, counts["accepted"], counts["pending"]) == (0, 5, 7)
    assert "the daily cap of 5 events is reached; what waits is sent from midnight UTC on" in answer.err
    assert shell.waybill("deliver", "--json").json["destinations"]["meta"]["sent"] == 0
    assert scripted_office.states() == {"accepted": 5, "pending": 7}

    shell.now = NOW + timedelta(days=1)
    assert shell.waybill("deliver", "--json").json["destinations"]["meta"]["accepted"] == 5
    shell.options["daily_cap"] = "1000"
    answer = shell.waybill("deliver", "--json")
    assert (answer.json["destinations"]["meta"]["accepted"], answer.err) == (2, "")
    assert sorted(sent(platform)) == sorted(event.id for event in events(12))
    assert scripted_office.states() == {"accepted": 12}


def test_a_repeat_and_an_isolation_stay_within_the_cap(scripted_office: Office, platform: Scripted) -> None:
    """Halves of what was sent today were sent today: they cost nothing more."""
    shell = Shell(scripted_office, {"daily_cap": "6"})
    hand_over(scripted_office.home, events(10))

    def script(call: Call) -> Reply:
        if len(platform.calls) == 1:
            return Reply(status=502)
        return error(100, 2804009) if "purchase_3" in {event["event_id"] for event in call.events} else accepted(call)

    platform.script = script
    assert shell.waybill("deliver").code == 0
    assert scripted_office.states() == {"accepted": 5, "rejected": 1, "pending": 4}
    assert len(set(sent(platform))) == 6
    platform.calls.clear()
    shell.waybill("deliver")
    assert platform.calls == []
