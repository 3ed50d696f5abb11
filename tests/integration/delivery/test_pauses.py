"""``waybill pause`` and ``resume``; and a delivery that pauses because most of what it tried was refused."""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from office import FILE_ONLY, Office
from outbox import LATER, NOW, Event, events, hand_over
from shell import Shell

from waybill.emulator import Emulator
from waybill.errors import ConfigurationError

WHY = ("--because", "ticket 4711")


def test_a_paused_destination_enrols_and_expires_and_sends_nothing(office: Office, emulator: Emulator) -> None:
    shell = Shell(office)
    assert shell.waybill("pause", "meta", *WHY, "--by", "Ada").code == 0
    again = shell.waybill("pause", "meta", *WHY)
    assert (again.code, "is paused since 2026-11-20 12:00 UTC by Ada: ticket 4711" in again.err) == (2, True)
    delta = hand_over(office.home, [Event(1), Event(2, window=timedelta(hours=3)), Event(3)])

    answer = shell.waybill("deliver", "--json")
    assert (answer.code, answer.json["destinations"]["meta"]["enrolled"]) == (0, 3)
    assert answer.err.count("meta is paused") == 1
    assert office.states() == {"pending": 3}
    shell.now = NOW + timedelta(hours=4)
    hand_over(office.home, [Event(4)], build=LATER, after=delta.file_id)
    counts = shell.waybill("deliver", "--json").json["destinations"]["meta"]
    assert (counts["enrolled"], counts["expired"], counts["pending"], counts["sent"]) == (1, 1, 3, 0)
    assert office.states() == {"pending": 3, "expired": 1}
    assert office.rows("select count(*) from attempts") == [(0,)]

    assert shell.waybill("config", "--json").json["paused"]["meta"]["because"] == "ticket 4711"
    assert [row["verb"] for row in shell.waybill("ledger", "show", "--json").json["actions"]] == ["pause"]
    assert "meta is paused since" in shell.waybill("ledger", "show").out
    assert "was paused since 2026-11-20 12:00 UTC" in shell.waybill("resume", "meta").out
    assert shell.waybill("resume", "meta").code == 2
    counts = shell.waybill("deliver", "--json").json["destinations"]["meta"]
    assert (counts["accepted"], office.states()) == (3, {"accepted": 3, "expired": 1})


def test_a_pause_stops_a_delivery_that_runs(office: Office, emulator: Emulator) -> None:
    hand_over(office.home, events(200))
    office.change(batch_size=1, threads=1)
    emulator.plan("slow", times=None, seconds=0.3)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(office.deliver)
        while not emulator.book.requests() and not running.done():
            time.sleep(0.02)
        assert Shell(office).waybill("pause", "meta", *WHY).code == 0
        sent = len(emulator.book.requests())
        running.result()
    assert len(emulator.book.requests()) <= sent + 1, "but for the one that was under way"
    assert office.states()["pending"] >= 200 - sent - 1 > 0


def test_a_destination_that_nobody_knows_is_not_paused(office: Office) -> None:
    answer = Shell(office).waybill("pause", "tiktok", *WHY)
    assert (answer.code, "There is no destination 'tiktok'" in answer.err) == (2, True)


def test_a_delivery_pauses_when_most_of_a_batch_is_refused(office: Office, emulator: Emulator) -> None:
    hand_over(office.home, events(40, spoilt=[number for number in range(1, 41) if number % 5]))
    office.change(threads=1)

    with pytest.raises(ConfigurationError) as caught:
        office.deliver()

    message = str(caught.value)
    assert "21 of the 40 events of a batch were refused (code 100 subcode 2804009)" in message
    assert "waybill resume meta" in message
    assert "waybill explain" in message
    states = office.states()
    assert (states["rejected"], states["pending"]) == (21, 40 - 21 - states.get("accepted", 0))
    assert len(emulator.book.requests()) <= 2 * 21 * math.ceil(math.log2(40)) + 2
    assert office.rows("select who, verb from actions") == [("waybill", "pause")]

    requests = len(emulator.book.requests())
    report = office.deliver()
    assert (report.sent, report.pending) == (0, states["pending"])
    assert [note for note in report.notes if "meta is paused" in note]
    assert len(emulator.book.requests()) == requests


@pytest.mark.parametrize(("count", "spoilt"), [(40, 20), (19, 18)], ids=["just half", "too few to say"])
def test_half_of_a_batch_or_a_small_one_is_isolated_to_the_end(
    office: Office, emulator: Emulator, count: int, spoilt: int
) -> None:
    hand_over(office.home, events(count, spoilt=range(1, spoilt + 1)))
    office.deliver()
    assert office.states() == {"accepted": count - spoilt, "rejected": spoilt}
    assert len(emulator.book.requests()) <= 2 * spoilt * math.ceil(math.log2(count)) + 2
    assert office.rows("select count(*) from actions") == [(0,)]


@FILE_ONLY
def test_a_wholly_spoilt_batch_pauses_long_before_it_is_isolated(office: Office, emulator: Emulator) -> None:
    hand_over(office.home, events(1000, spoilt=range(1, 1001)))
    office.change(threads=1)

    with pytest.raises(
        ConfigurationError, match="all 20 events that were tried one by one in a batch of 1000 were ref"
    ):
        office.deliver()

    assert office.states() == {"rejected": 20, "pending": 980}
    assert len(emulator.book.requests()) < 100


@FILE_ONLY
def test_bad_events_that_lie_side_by_side_pause_nothing(office: Office, emulator: Emulator) -> None:
    """Eighty of two hundred, met first, and other batches wait: the good ones of their own batch are looked for."""
    hand_over(office.home, events(800, spoilt=range(721, 801)))
    office.change(threads=1, batch_size=200)

    office.deliver()

    assert office.states() == {"accepted": 720, "rejected": 80}
    assert len(emulator.book.requests()) <= 2 * 80 * math.ceil(math.log2(200)) + 2
    assert office.rows("select count(*) from actions") == [(0,)]
