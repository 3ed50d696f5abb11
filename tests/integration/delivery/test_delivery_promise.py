"""What delivery promises, read from the emulator's book and the ledger file."""

import json
import logging
import math
from datetime import timedelta

import pytest
from office import FILE_ONLY, TOKEN, Office
from outbox import LATER, NOW, Event, events, freeze, hand_over, judge

from waybill.emulator import Emulator
from waybill.errors import ConfigurationError


def test_everything_passed_is_delivered_once_and_byte_for_byte(office: Office, emulator: Emulator) -> None:
    rows = [*events(2500), Event(2501, kind="store_purchase", minutes_ago=60)]
    delta = freeze(office.home, rows)
    judge(delta, quarantined=[7, 1999])

    report = office.deliver()

    expected = [row.payload for number, row in enumerate(rows) if number not in (7, 1999)]
    assert sorted(event.payload for event in emulator.book.events()) == sorted(expected)
    assert [request.events for request in emulator.book.requests()] != []
    assert max(request.events for request in emulator.book.requests()) <= 1000
    assert office.states() == {"accepted": 2499}
    assert report.counts() == {
        "enrolled": 2499,
        "sent": 2499,
        "accepted": 2499,
        "rejected": 0,
        "expired": 0,
        "withdrawn": 0,
        "pending": 0,
        "unknown": 0,
        "requests": 3,
        "unclassified": 0,
        "lag_seconds_p50": 1800.0,
        "lag_seconds_p95": 1800.0,
        "lag_seconds_max": 3600.0,
    }
    assert office.rows("select rows, enrolled_rows, quarantined_rows, settled_at is null from files") == [
        (2501, 2499, 2, 0)
    ]


def test_a_second_delivery_sends_nothing(office: Office, emulator: Emulator) -> None:
    hand_over(office.home, events(3))
    office.deliver()
    before, requests = office.dump(), len(emulator.book.requests())

    report = office.deliver()

    assert (report.sent, report.enrolled) == (0, 0)
    assert office.dump() == before
    assert len(emulator.book.requests()) == requests


def test_one_bad_event_takes_no_other_down(office: Office, emulator: Emulator) -> None:
    rows = events(1000, spoilt=[437])
    hand_over(office.home, rows)

    report = office.deliver()

    assert (report.accepted, report.rejected) == (999, 1)
    assert {event.event_id for event in emulator.book.events()} == {row.id for row in rows} - {"purchase_437"}
    assert len(emulator.book.events()) == 999
    assert len(emulator.book.requests()) <= 2 * math.ceil(math.log2(1000)) + 2
    rejected = office.rows("select row_number, event_id, state, reason, attempt_id is null from exceptions")
    assert rejected == [(436, "purchase_437", "rejected", "code 100 subcode 2804009", 0)]
    assert office.states() == {"accepted": 999, "rejected": 1}


def test_several_bad_events_stay_inside_the_call_budget(office: Office, emulator: Emulator) -> None:
    bad = [1, 2, 500, 999, 1000]
    hand_over(office.home, events(1000, spoilt=bad))

    office.deliver()

    assert office.states() == {"accepted": 995, "rejected": 5}
    assert len(emulator.book.requests()) <= 2 * len(bad) * math.ceil(math.log2(1000)) + 2


def test_a_wrong_token_keeps_the_queue_and_the_right_one_delivers_it(office: Office, emulator: Emulator) -> None:
    hand_over(office.home, events(5))
    office.set_token("an-expired-token")

    with pytest.raises(ConfigurationError) as stopped:
        office.deliver()

    assert "code 190" in str(stopped.value) and "access token" in str(stopped.value)
    assert "an-expired-token" not in str(stopped.value)
    assert office.states() == {"pending": 5}
    assert office.rows("select outcome, http_status, code from attempts") == [("stop", 401, 190)]

    office.set_token(TOKEN)
    assert office.deliver().accepted == 5
    assert office.states() == {"accepted": 5}
    assert len(emulator.book.events()) == 5


def test_an_answer_lost_after_accepting_is_repeated_and_stays_visible(office: Office, emulator: Emulator) -> None:
    hand_over(office.home, events(10))
    emulator.plan("accept_then_drop")

    report = office.deliver()

    assert (report.accepted, report.sent, report.unknown) == (10, 20, 0)
    assert len(emulator.book.events()) == 20
    assert len({(event.event_id, event.sha256) for event in emulator.book.events()}) == 10
    assert len(emulator.book.counted("merged")) == 10
    assert office.rows("select outcome from attempts order by attempt_id") == [("unknown",), ("accepted",)]
    assert office.rows("select state, unknown_since is null from batches") == [("accepted", 0)]


def test_what_expired_is_never_sent(office: Office, emulator: Emulator) -> None:
    late = timedelta(minutes=45)
    rows = [Event(1), Event(2, window=late), Event(3, window=timedelta(minutes=20))]  # the third before its freeze
    hand_over(office.home, rows)
    office.set_clock(NOW + timedelta(minutes=20))

    report = office.deliver()

    assert [event.event_id for event in emulator.book.events()] == ["purchase_1"]
    assert (report.accepted, report.expired) == (1, 2)
    assert office.states() == {"accepted": 1, "expired": 2}
    assert office.rows("select row_number, state, reason from exceptions") == [(1, "expired", "window")]
    assert office.rows("select count(*) from attempts") == [(1,)]


def test_a_batch_that_expires_as_a_whole_needs_no_row_of_its_own(office: Office) -> None:
    hand_over(office.home, [Event(number, window=timedelta(minutes=45)) for number in range(4)])
    office.set_clock(NOW + timedelta(hours=1))

    assert office.deliver().expired == 4
    assert office.rows("select state, reason, attempts from batches") == [("expired", "window", 0)]
    assert office.rows("select count(*) from exceptions") == [(0,)]


def test_withdrawals_reach_what_waits_whatever_the_gate_says(office: Office, emulator: Emulator) -> None:
    first = hand_over(office.home, events(4))
    office.set_token("an-expired-token")
    with pytest.raises(ConfigurationError):
        office.deliver()
    withdrawn = [(first.file_id, 1, "consent"), (first.file_id, 3, "cancelled")]
    second = freeze(office.home, events(2, first=5), build=LATER, after=first.file_id, withdrawals=withdrawn)
    judge(second, closed=True)
    office.set_token(TOKEN)

    report = office.deliver()

    assert (report.withdrawn, report.accepted, report.enrolled) == (2, 2, 0)
    assert any("closed" in note for note in report.notes)
    assert sorted(event.event_id or "" for event in emulator.book.events()) == ["purchase_1", "purchase_3"]
    assert office.rows("select row_number, state, reason from exceptions order by 1") == [
        (1, "withdrawn", "consent"),
        (3, "withdrawn", "cancelled"),
    ]
    assert office.rows("select build_id, events from withdrawals order by build_id desc") == [
        (LATER, 2),
        (first.build_id, 0),
    ]


def test_a_withdrawal_after_the_end_changes_nothing(office: Office) -> None:
    first = hand_over(office.home, events(2))
    office.deliver()
    hand_over(office.home, [], build=LATER, after=first.file_id, withdrawals=[(first.file_id, 0, "consent")])

    assert office.deliver().withdrawn == 0
    assert office.states() == {"accepted": 2}


@FILE_ONLY
def test_the_token_shows_in_one_place_only(
    office: Office, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hand_over(office.home, events(3, spoilt=[2]))

    office.deliver()

    assert {request.token_place for request in emulator.book.requests()} == {"header"}
    assert not any(request.token_in_url for request in emulator.book.requests())
    said = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert said and TOKEN not in said
    assert "user_data" not in said
    assert TOKEN.encode() not in office.home.ledger_file.read_bytes()


def test_requests_stay_below_the_size_a_platform_takes(office: Office, emulator: Emulator) -> None:
    hand_over(office.home, [Event(number, padding=300_000) for number in range(4)])

    office.deliver()

    assert max(request.bytes for request in emulator.book.requests()) <= 1_001_000
    assert len(emulator.book.requests()) == 2
    assert office.states() == {"accepted": 4}


def test_a_failing_dataset_does_not_hold_another_one_up(office: Office, emulator: Emulator) -> None:
    hand_over(office.home, [Event(1, dataset="elsewhere"), Event(2), Event(3)])

    with pytest.raises(ConfigurationError, match="elsewhere"):
        office.deliver()

    assert office.states() == {"accepted": 2, "pending": 1}


def test_the_ledger_holds_no_payload(office: Office) -> None:
    rows = events(3, spoilt=[2])
    hand_over(office.home, rows)
    office.deliver()

    held = json.dumps(office.dump())
    assert "user_data" not in held and "example.com" not in held
    assert "purchase_2" in held
