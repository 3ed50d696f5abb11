"""``waybill ledger requeue`` and ``withdraw``: sent again after all, or not sent after all."""

from collections.abc import Callable
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from office import Office
from outbox import LATER, NOW, Event, freeze, hand_over, judge
from scripted import Call, Reply, Scripted, accepted, error
from shell import Shell

WHY = ("--because", "ticket 4711")


@pytest.fixture
def shell(scripted_office: Office) -> Shell:
    hand_over(scripted_office.home, [Event(1), Event(2), Event(3, window=timedelta(hours=3)), Event(4)])
    return Shell(scripted_office)


def refusing(*refused: str) -> Callable[[Call], Reply]:
    """A platform that takes no request with one of these events."""

    def script(call: Call) -> Reply:
        return error(100, 2804050) if {event["event_id"] for event in call.events} & set(refused) else accepted(call)

    return script


def sent(platform: Scripted) -> list[str]:
    return [event["event_id"] for call in platform.calls for event in call.events]


def test_a_rejected_event_is_sent_again_with_the_same_bytes(shell: Shell, platform: Scripted) -> None:
    platform.script = refusing("purchase_1", "purchase_3")
    shell.waybill("deliver")
    assert shell.office.states() == {"accepted": 2, "rejected": 2}
    assert shell.office.rows("select count(*) from files where settled_at is null") == [(0,)]
    shell.now = NOW + timedelta(hours=4)

    answer = shell.waybill("ledger", "requeue", "1", *WHY, "--json")
    assert (answer.code, answer.json) == (0, {"destinations": {"meta": {"pending": 1}}}), answer.err
    expired = shell.waybill("ledger", "requeue", "3", *WHY)
    assert (expired.code, "has expired at 2026-11-20 14:30 UTC" in expired.err) == (2, True)
    taken = shell.waybill("ledger", "requeue", "2", *WHY)
    assert (taken.code, "is accepted; the platform has it" in taken.err) == (2, True)
    again = shell.waybill("ledger", "requeue", "1", *WHY)
    assert (again.code, "is pending; it waits to be sent already" in again.err) == (2, True)

    refused = next(call.body for call in platform.calls if [e["event_id"] for e in call.events] == ["purchase_1"])
    platform.script = accepted
    platform.calls.clear()
    shell.waybill("deliver")
    assert [call.body for call in platform.calls] == [refused]
    assert shell.office.states() == {"accepted": 3, "rejected": 1}
    assert (
        shell.office.rows("select state, reason from exceptions order by exception_id desc limit 1")[0][0] == "pending"
    )
    assert shell.office.rows("select verb, events from actions") == [("requeue", 1)]


def test_a_requeued_event_that_is_refused_again_is_rejected_again(shell: Shell, platform: Scripted) -> None:
    platform.script = refusing("purchase_1")
    shell.waybill("deliver")
    shell.waybill("ledger", "requeue", "1", *WHY)
    platform.script = refusing("purchase_1")
    hand_over(
        shell.office.home,
        [Event(5)],
        build=LATER,
        after=str(shell.office.rows("select file_id from files")[0][0]),
    )
    shell.waybill("deliver")
    assert shell.office.states() == {"accepted": 4, "rejected": 1}
    assert shell.office.rows("select count(*) from files where settled_at is null") == [(0,)]


def test_what_may_have_arrived_before_it_was_rejected_is_not_repeated_out_of_the_window(
    shell: Shell, platform: Scripted
) -> None:
    platform.script = lambda call: Reply(status=502) if len(platform.calls) == 1 else refusing("purchase_1")(call)
    shell.waybill("deliver")
    assert shell.office.states() == {"accepted": 3, "rejected": 1}
    answer = shell.waybill("ledger", "requeue", "1", *WHY, "--json")
    assert answer.json == {"destinations": {"meta": {"unknown": 1}}}, answer.err
    platform.script = refusing("purchase_1")
    platform.calls.clear()
    shell.now = NOW + timedelta(hours=45, minutes=59)
    shell.waybill("deliver")  # refused again, and requeued again
    assert sent(platform) == ["purchase_1"]
    shell.waybill("ledger", "requeue", "1", *WHY)

    platform.script = accepted
    platform.calls.clear()
    shell.now = NOW + timedelta(hours=46)
    shell.waybill("deliver")
    assert platform.calls == []
    assert shell.office.states() == {"accepted": 3, "unknown": 1}

    assert shell.waybill("ledger", "resolve", "1", "--not-sent", *WHY).code == 0
    shell.waybill("deliver")
    assert sent(platform) == ["purchase_1"]
    assert shell.office.states() == {"accepted": 4}


def test_what_is_not_to_be_sent_any_more_is_not_requeued(shell: Shell, platform: Scripted) -> None:
    platform.script = lambda call: Reply(status=502) if "purchase_4" in sent_in(call) else refusing("purchase_1")(call)
    shell.waybill("deliver")
    (first,) = [file_id for (file_id,) in shell.office.rows("select file_id from files")]
    platform.script = refusing("purchase_1")
    shell.waybill("deliver")
    judge(freeze(shell.office.home, [], build=LATER, after=first, withdrawals=[(first, 0, "consent")]))
    answer = shell.waybill("ledger", "requeue", "1", *WHY)
    assert (answer.code, "not to be sent any more, says the newest build: consent" in answer.err) == (2, True), (
        answer.err
    )


@pytest.mark.parametrize(
    ("verdict", "digest", "said"),
    [("withheld", "", "no longer sendable"), ("sendable", "another", "it has changed since it was frozen")],
    ids=["withheld", "changed"],
)
def test_a_limit_that_was_set_after_the_file_was_settled_is_not_overtaken(
    shell: Shell, platform: Scripted, verdict: str, digest: str, said: str
) -> None:
    """No build takes back what is in a settled file, so the newest verdicts are asked."""
    platform.script = refusing("purchase_1", "purchase_2")
    shell.waybill("deliver")
    keys = pq.read_table(next((shell.office.home.published / "delivery" / "keys" / "meta").glob("2*.parquet")))
    names = ["event_kind", "event_name", "source_key", "payload_digest"]
    rows = keys.select(names).to_pylist()
    rows = [{**row, "verdict": "sendable", "removed": False, "build_seq": 1} for row in rows]
    rows.append({**rows[0], "verdict": verdict, "payload_digest": digest, "build_seq": 2})
    folder = shell.office.home.published / "candidates" / "meta"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "20261120T140000000000Z.parquet")

    answer = shell.waybill("ledger", "requeue", "--all", "--destination", "meta", *WHY, "--json")

    assert answer.json == {"destinations": {"meta": {"pending": 1}}}
    assert f"shop/orders/1 as Purchase for meta is not to be sent any more, says the newest build: {said}" in answer.err
    assert shell.office.states() == {"accepted": 2, "rejected": 1, "pending": 1}


def sent_in(call: Call) -> list[str]:
    return [event["event_id"] for event in call.events]


def test_a_pending_event_is_withdrawn_and_never_sent(shell: Shell, platform: Scripted) -> None:
    platform.script = lambda call: error(4, status=403)  # throttled: all stay pending
    assert shell.waybill("deliver").code == 3
    answer = shell.waybill("ledger", "withdraw", "2", *WHY, "--json")
    assert answer.json == {"destinations": {"meta": {"withdrawn": 1}}}, answer.err
    platform.script = accepted
    platform.calls.clear()
    shell.waybill("deliver")
    assert sorted(sent(platform)) == ["purchase_1", "purchase_3", "purchase_4"]
    assert shell.office.states() == {"accepted": 3, "withdrawn": 1}
    for name, said in (("1", "is accepted; the platform has it"), ("2", "is withdrawn; it is not sent again")):
        refused = shell.waybill("ledger", "withdraw", name, *WHY)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    assert "is withdrawn; it is not to be sent" in shell.waybill("ledger", "requeue", "2", *WHY).err


def test_an_unknown_event_is_held_and_what_is_under_way_is_left_alone(shell: Shell, platform: Scripted) -> None:
    platform.script = lambda call: Reply(status=502)
    assert shell.waybill("deliver").code == 3
    answer = shell.waybill("ledger", "withdraw", "2", *WHY, "--json")
    assert answer.json == {"destinations": {"meta": {"unknown": 1}}}, answer.err
    assert "is held already" in shell.waybill("ledger", "withdraw", "2", *WHY).err
    platform.script = accepted
    platform.calls.clear()
    shell.waybill("deliver")
    assert sorted(sent(platform)) == ["purchase_1", "purchase_3", "purchase_4"]
    assert shell.office.states() == {"accepted": 3, "unknown": 1}

    assert shell.waybill("ledger", "resolve", "2", "--not-sent", *WHY).code == 0
    assert shell.office.states() == {"accepted": 3, "withdrawn": 1}
    shell.waybill("deliver")
    assert len(platform.calls) == 1
    assert shell.office.rows("select count(*) from files where settled_at is null") == [(0,)]


def test_what_a_clock_that_ran_ahead_has_called_expired_is_requeued(shell: Shell, platform: Scripted) -> None:
    shell.now = NOW + timedelta(days=365)
    assert shell.waybill("deliver").code == 0
    assert shell.office.states() == {"expired": 4}
    shell.now = NOW
    assert shell.waybill("deliver", "--json").json["destinations"]["meta"]["sent"] == 0

    answer = shell.waybill("ledger", "requeue", "1", *WHY, "--json")

    assert answer.json == {"destinations": {"meta": {"pending": 1}}}, answer.err
    shell.waybill("deliver")
    assert sent(platform) == ["purchase_1"]
    assert shell.office.states() == {"accepted": 1, "expired": 3}


def test_all_that_waits_for_a_dataset_is_withdrawn(scripted_office: Office, platform: Scripted) -> None:
    """One that the settings no longer have: until then every delivery fails."""
    hand_over(scripted_office.home, [Event(1), Event(2, dataset="gone"), Event(3, dataset="gone")])
    shell = Shell(scripted_office)
    refused = shell.waybill("deliver")
    advice = "waybill ledger withdraw --all --destination meta --dataset gone --because"
    assert (refused.code, advice in refused.err) == (2, True), refused.err
    answer = shell.waybill(*advice.split()[1:], "no longer ours", "--json")
    assert answer.json == {"destinations": {"meta": {"withdrawn": 2}}}, answer.err
    assert shell.waybill("deliver").code == 0
    assert shell.office.states() == {"accepted": 1, "withdrawn": 2}
    for wrong in (("1", "--dataset", "main"), ("--all",), ("1", "--all", "--destination", "meta")):
        assert shell.waybill("ledger", "withdraw", *wrong, *WHY).code == 2
