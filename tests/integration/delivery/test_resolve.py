"""``waybill ledger resolve``: a person says what became of events whose answer was lost."""

from datetime import timedelta

import pytest
from office import Office
from outbox import LATER, NOW, Event, freeze, hand_over, judge
from scripted import Reply, Scripted, accepted
from shell import Shell

WHY = ("--because", "ticket 4711: looked in Events Manager")


@pytest.fixture
def shell(scripted_office: Office, platform: Scripted) -> Shell:
    """Four events whose answer was lost; what is unknown is held."""
    shell = Shell(scripted_office, {"on_unknown": '"hold"'})
    hand_over(scripted_office.home, [Event(1), Event(2), Event(3, window=timedelta(hours=3)), Event(4)])
    platform.script = lambda call: Reply(status=502)
    assert shell.waybill("deliver").code == 0
    assert scripted_office.states() == {"unknown": 4}
    platform.script = accepted
    platform.calls.clear()
    return shell


def sent(platform: Scripted) -> list[str]:
    return [event["event_id"] for call in platform.calls for event in call.events]


def test_sent_is_accepted_because_a_person_says_so(shell: Shell, platform: Scripted) -> None:
    answer = shell.waybill("ledger", "resolve", "1", "--sent", *WHY, "--by", "Ada", "--json")

    assert (answer.code, answer.json) == (0, {"destinations": {"meta": {"accepted": 1}}}), answer.err
    assert shell.office.states() == {"accepted": 1, "unknown": 3}
    assert shell.office.rows("select source_key, event_id, state, reason from exceptions") == [
        ("shop/orders/1", "purchase_1", "accepted", "resolved as sent by Ada: ticket 4711: looked in Events Manager")
    ]
    assert shell.office.rows("select who, verb, destination, because, events, at from actions") == [
        ("Ada", "resolve as sent", "meta", WHY[1], 1, "2026-11-20T12:00:00.000000Z")
    ]
    assert shell.waybill("deliver").code == 0
    assert sent(platform) == []


def test_not_sent_waits_again_with_the_same_bytes_or_has_expired(shell: Shell, platform: Scripted) -> None:
    shell.now = NOW + timedelta(hours=4)
    answer = shell.waybill("ledger", "resolve", "--all", "--destination", "meta", "--not-sent", *WHY, "--json")

    assert answer.json == {"destinations": {"meta": {"pending": 3, "expired": 1}}}, answer.err
    assert shell.office.states() == {"pending": 3, "expired": 1}
    delivered = shell.waybill("deliver", "--json")
    assert delivered.json["destinations"]["meta"]["accepted"] == 3
    assert sent(platform) == ["purchase_1", "purchase_2", "purchase_4"]
    assert [event["event_time"] for event in platform.calls[0].events] == [int(Event(1).occurred_at.timestamp())] * 3
    assert shell.office.states() == {"accepted": 3, "expired": 1}
    assert shell.office.rows("select count(*) from files where settled_at is null") == [(0,)]
    assert shell.waybill("deliver", "--json").json["destinations"]["meta"]["sent"] == 0


def test_an_event_between_others_is_found_by_each_of_its_names(shell: Shell, platform: Scripted) -> None:
    for name in ("shop/orders/2", "purchase_4"):
        assert shell.waybill("ledger", "resolve", name, "--not-sent", *WHY).code == 0
    assert shell.office.states() == {"pending": 2, "unknown": 2}
    assert shell.waybill("ledger", "resolve", "--all", "--destination", "meta", "--sent", *WHY).code == 0
    shell.waybill("deliver")
    assert sorted(sent(platform)) == ["purchase_2", "purchase_4"]
    assert shell.office.states() == {"accepted": 4}
    assert shell.office.rows("select count(*) from files where settled_at is null") == [(0,)]
    leaves = "select sum(events) from batches where state <> 'split'"
    assert shell.office.rows(leaves) == [(4,)]


def test_what_was_taken_back_meanwhile_is_not_sent(shell: Shell, platform: Scripted) -> None:
    (first,) = [file_id for (file_id,) in shell.office.rows("select file_id from files")]
    delta = freeze(shell.office.home, [], build=LATER, after=first, withdrawals=[(first, 1, "consent")])
    judge(delta)
    answer = shell.waybill("ledger", "resolve", "--all", "--destination", "meta", "--not-sent", *WHY, "--json")
    assert answer.json == {"destinations": {"meta": {"pending": 3, "withdrawn": 1}}}, answer.err
    shell.waybill("deliver")
    assert sent(platform) == ["purchase_1", "purchase_3", "purchase_4"]
    assert shell.office.states() == {"accepted": 3, "withdrawn": 1}


def test_only_what_is_held_and_only_with_a_reason(shell: Shell, platform: Scripted) -> None:
    before = shell.office.dump()
    for arguments, said in (
        (("1", "--sent", "--because", " "), "--because must be"),
        (("1", "--sent", "--because", "ann@example.com says so"), "e-mail address"),
        (("1", "--sent", "--because", "call +49 170 1234567"), "telephone number"),
        (("1", *WHY), "--sent or --not-sent"),
        (("--sent", *WHY), "--all --destination"),
        (("99", "--sent", *WHY), "no order, lead, source key or event_id"),
    ):
        answer = shell.waybill("ledger", "resolve", *arguments)
        assert (answer.code, said in answer.err) == (2, True), answer.err
    assert shell.office.dump() == before

    shell.options["on_unknown"] = '"resend"'
    answer = shell.waybill("ledger", "resolve", "1", "--sent", *WHY)
    assert answer.code == 2
    assert "the next `waybill deliver` repeats it" in answer.err
    shell.waybill("deliver")
    assert "is accepted; only what is unknown" in shell.waybill("ledger", "resolve", "1", "--sent", *WHY).err


def test_one_row_held_past_the_window_inside_a_batch_that_was_accepted(
    scripted_office: Office, platform: Scripted
) -> None:
    """Its batch has been answered since; what was answered stays answered."""
    shell = Shell(scripted_office)
    rows = [Event(1), Event(2, kind="store_purchase", window=timedelta(days=62)), Event(3)]
    hand_over(scripted_office.home, rows)
    platform.script = lambda call: Reply(status=502)
    assert shell.waybill("deliver").code == 3
    platform.script = accepted
    platform.calls.clear()
    shell.now = NOW + timedelta(hours=46)
    shell.waybill("deliver")
    assert scripted_office.states() == {"unknown": 2, "accepted": 1}

    assert shell.waybill("ledger", "resolve", "1", "--not-sent", *WHY).code == 0
    assert shell.waybill("ledger", "resolve", "3", "--sent", *WHY).code == 0
    assert scripted_office.states() == {"pending": 1, "accepted": 2}
    shell.waybill("deliver")
    assert sent(platform) == ["purchase_2", "purchase_1"]
    assert scripted_office.states() == {"accepted": 3}
    assert scripted_office.rows("select count(*) from files where settled_at is null") == [(0,)]


def test_a_running_delivery_is_not_disturbed(shell: Shell) -> None:
    from waybill.files import locked

    with locked(shell.office.home.root / "ledger.meta.lock"):
        answer = shell.waybill("ledger", "resolve", "1", "--sent", *WHY)
    assert answer.code == 3
    assert "Run this again when it has ended" in answer.err


def test_what_a_clock_that_ran_ahead_has_held_is_sent_when_a_person_says_that_it_was_not(
    scripted_office: Office, platform: Scripted
) -> None:
    shell = Shell(scripted_office)
    hand_over(scripted_office.home, [Event(1)])
    platform.script = lambda call: Reply(status=504)
    shell.waybill("deliver")
    platform.script = accepted
    platform.calls.clear()
    shell.now = NOW + timedelta(days=365)
    shell.waybill("deliver")
    assert scripted_office.rows("select state, reason from batches") == [("unknown", "held_window")]
    shell.now = NOW + timedelta(hours=1)

    answer = shell.waybill("ledger", "resolve", "1", "--not-sent", *WHY, "--json")

    assert answer.json == {"destinations": {"meta": {"pending": 1}}}, answer.err
    shell.waybill("deliver")
    assert sent(platform) == ["purchase_1"]
