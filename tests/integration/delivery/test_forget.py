"""``waybill ledger forget``: a person in every state of delivery, on both ledgers, and what others do meanwhile."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from erasure import GONE, THEIRS, check_gone, check_key_files, land
from office import FILE_ONLY, SERVER_ONLY, Office
from outbox import LATER, NOW, Event, events, freeze, hand_over, judge
from scripted import Call, Reply, Scripted, accepted, error
from shell import Shell

import waybill
from canaries import found_in
from waybill import delta, tombstones
from waybill.delivery import actions, enrolment, keyfiles, withdrawals
from waybill.delivery.fold import fold
from waybill.home import Home
from waybill.retention import forget as erasing
from waybill.retention.forget_journal import Journal
from waybill.warehouse.macros import key_as_asked

WHY = ("--because", "ticket 4711", "--by", "Ada")
LAST = "20261120T140000000000Z"


def answers(call: Call) -> Reply:
    """Refuses purchase_3 and has no answer for purchase_5; takes all others."""
    ids = {event["event_id"] for event in call.events}
    if "purchase_3" in ids:
        return error(100, 2804050)
    return Reply(status=502) if "purchase_5" in ids else accepted(call)


@pytest.fixture
def shell(scripted_office: Office, platform: Scripted) -> Shell:
    """C-1 has an event accepted, rejected, unknown, pending and not enrolled; so has C-2, but none that went wrong."""
    office = scripted_office
    shell = Shell(office, {"batch_size": "1", "on_unknown": '"hold"'})
    office.home.create()
    land(office)
    platform.script = answers
    first = hand_over(office.home, events(6))
    assert shell.waybill("deliver").code == 0
    assert shell.waybill("pause", "meta", "--because", "so that it waits").code == 0
    second = hand_over(office.home, events(2, first=7), build=LATER, after=first.file_id)
    assert shell.waybill("deliver").code == 0
    judge(freeze(office.home, events(2, first=9), build=LAST, after=second.file_id), quarantined=[0])
    assert office.states() == {"accepted": 4, "rejected": 1, "unknown": 1, "pending": 2}
    platform.script = accepted
    platform.calls.clear()
    return shell


def sent(platform: Scripted) -> list[str]:
    return sorted(event.get("event_id", "nothing") for call in platform.calls for event in call.events)


def test_nothing_is_left_but_counts(shell: Shell, platform: Scripted) -> None:
    office = shell.office
    before = found_in(office.home.root, GONE)
    assert set(before) == GONE
    rehearsed = shell.waybill("ledger", "forget", "C-1", "--dry-run", "--json")
    assert rehearsed.code == 0, rehearsed.err
    assert rehearsed.json["erased"] is False
    assert found_in(office.home.root, GONE) == before

    answer = shell.waybill("ledger", "forget", "C-1", *WHY, "--json")

    assert answer.code == 0, answer.err
    assert answer.json["erased"] is True
    assert answer.json["events"] == rehearsed.json["events"]
    states = [(event["event_id"], event["state"], event["sent_at"] is not None) for event in answer.json["events"]]
    assert sorted(states) == [
        ("purchase_1", "accepted", True),
        ("purchase_3", "rejected", True),
        ("purchase_5", "unknown", True),
        ("purchase_7", "pending", False),
    ]
    assert answer.json["rows"]["landing orders"] == 5
    assert office.states() == {"accepted": 4, "rejected": 1, "unknown": 1, "withdrawn": 1, "pending": 1}
    assert office.rows("select who, verb, because, events from actions where verb = 'forget'") == [
        ("Ada", "forget", "ticket 4711", 4)
    ]
    check_gone(office)
    assert {path.stat().st_mode & 0o077 for path in office.home.root.rglob("*.parquet")} == {0}

    # Nothing of them is sent any more, whatever is asked for; what is C-2's flows.
    for asked in (("resolve", "--all", "--not-sent"), ("requeue", "--all")):
        shell.waybill("ledger", *asked, "--destination", "meta", "--because", "all of them")
    shell.waybill("resume", "meta")
    assert "the gate has not judged" in shell.waybill("deliver").err
    newest = delta.newest(office.home, "meta")
    assert newest is not None and newest.rows == 1
    judge(newest)
    assert shell.waybill("deliver").code == 0
    assert sent(platform) == ["purchase_10", "purchase_8"]
    check_gone(office)


def test_again_it_finds_nothing_and_says_so(shell: Shell) -> None:
    shell.waybill("ledger", "forget", "C-1", *WHY)
    before = (shell.office.dump(), tombstones.read(shell.office.home))
    again = shell.waybill("ledger", "forget", "C-1", *WHY)
    assert (again.code, "erased before" in again.out) == (0, True), again.err
    assert (shell.office.dump(), tombstones.read(shell.office.home)) == before


@FILE_ONLY
def test_whoever_is_not_named_rightly_is_not_erased(shell: Shell) -> None:
    before = shell.office.dump()
    for arguments, why in (
        (("C-9", *WHY), "belongs to 'C-9'"),
        (("canary@example.com", *WHY), "never by contact data"),
        (("C-1", "--table", "orders", *WHY), "no table whose rows are people"),
        (("C-1",), "Say --because"),
        ((*WHY,), "Name one person"),
        (("--resume",), "No erasure is unfinished"),
    ):
        answer = shell.waybill("ledger", "forget", *arguments)
        assert (answer.code, why in answer.err) == (2, True), answer.err
    assert shell.office.dump() == before
    assert not tombstones.path(shell.office.home).exists()


@FILE_ONLY
def test_a_key_of_two_tables_needs_the_table(shell: Shell) -> None:
    office = shell.office
    consents = [{"consent_id": kind, "subject_type": kind, "subject_id": "C-1"} for kind in ("customer", "lead")]
    land(office, {"leads": [{"lead_id": "C-1"}], "consents": consents})
    answer = shell.waybill("ledger", "forget", "C-1", *WHY)
    assert (answer.code, "shop.customers and shop.leads" in answer.err) == (2, True), answer.err

    answer = shell.waybill("ledger", "forget", "C-1", "--table", "leads", *WHY, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["events"] == []
    shop = office.home.landing / "shop"
    assert pq.read_table(shop / "leads").num_rows == 0
    assert [row["subject_type"] for row in pq.read_table(shop / "consents").to_pylist()] == ["customer"]
    assert pq.read_table(shop / "orders").num_rows == 10


@FILE_ONLY
def test_a_key_that_is_an_address_goes_by_the_name_that_the_models_gave_it(shell: Shell) -> None:
    office, address = shell.office, "canary-key@example.com"
    orders = [{"order_id": "11", "customer_id": address}, {"order_id": "12", "customer_id": "C-2"}]
    land(office, {"customers": [{"customer_id": address}], "orders": orders})
    name = key_as_asked(office.settings.dbt_project_dir, address)
    answer = shell.waybill("ledger", "forget", name, *WHY)
    assert (name.startswith("hidden_"), answer.code) == (True, 0), answer.err
    assert found_in(office.home.root, {address}) == {}
    assert [row["order_id"] for row in pq.read_table(office.home.landing / "shop" / "orders").to_pylist()] == ["12"]
    known = tombstones.read(office.home)
    assert known.of("shop", "customers", "customer_id", address) in known.digests


def test_what_is_being_sent_is_not_erased(shell: Shell) -> None:
    office = shell.office
    office.rows("update batches set state = 'sending' where batch_id = (select batch_id from exceptions limit 1)")
    before = found_in(office.home.root, GONE)
    answer = shell.waybill("ledger", "forget", "C-1", *WHY)
    assert (answer.code, "run `waybill deliver`" in answer.err) == (3, True), answer.err
    assert found_in(office.home.root, GONE) == before


def listed(shell: Shell, *arguments: str) -> dict[str, tuple[str, bool]]:
    """Event id → its state and whether it was in a request, as ``forget`` lists it."""
    answer = shell.waybill("ledger", "forget", *arguments, "--json")
    assert answer.code == 0, answer.err
    return {event["event_id"]: (event["state"], event["sent_at"] is not None) for event in answer.json["events"]}


@FILE_ONLY
def test_what_was_withdrawn_before_any_request_was_not_sent(scripted_office: Office, platform: Scripted) -> None:
    shell, home = Shell(scripted_office), scripted_office.home
    home.create()
    land(scripted_office)
    shell.waybill("pause", "meta", "--because", "so that it waits")
    first = hand_over(home, [*events(4), Event(5, window=timedelta(minutes=40))])
    shell.waybill("deliver")
    hand_over(home, [], build=LATER, after=first.file_id, withdrawals=[(first.file_id, 2, "consent")])
    shell.waybill("resume", "meta")
    shell.now = NOW + timedelta(minutes=20)
    shell.waybill("deliver")
    assert sent(platform) == ["purchase_1", "purchase_2", "purchase_4"]
    assert listed(shell, "C-1", "--dry-run") == {
        "purchase_1": ("accepted", True),
        "purchase_3": ("withdrawn", False),
        "purchase_5": ("expired", False),
    }


@FILE_ONLY
@pytest.mark.parametrize("is_whole", [True, False])
def test_withdrawals_are_erased_and_damaged_ones_stay_damaged(scripted_office: Office, is_whole: bool) -> None:
    shell, home = Shell(scripted_office), scripted_office.home
    home.create()
    land(scripted_office)
    first = hand_over(home, events(4)).file_id
    shell.waybill("deliver")
    withdrawn = [(first, 1, "consent"), (first, 2, "consent")]
    newest = hand_over(home, [], build=LATER, after=first, withdrawals=withdrawn)
    if not is_whole:
        pq.write_table(pq.read_table(newest.withdrawals_path).slice(1), newest.withdrawals_path)
    answer = shell.waybill("ledger", "forget", "C-1", *WHY)
    assert answer.code == 0, answer.err
    assert found_in(home.root, GONE, but={"home.toml"}) == {}
    if is_whole:
        kept, erased = withdrawals.read(newest)
        assert (kept.source_key, erased.source_key.partition("/")[0]) == ("shop/orders/2", "erased")
    else:
        assert "not the rows that were written there" in shell.waybill("deliver").err
        assert [row["row_number"] for row in pq.read_table(newest.withdrawals_path).to_pylist()] == [2]


@FILE_ONLY
def test_a_damaged_key_file_is_erased_from_and_stays_damaged(shell: Shell) -> None:
    path = next(path for path in keyfiles.key_files(shell.office.home, "meta") if pq.read_metadata(path).num_rows > 2)
    table = pq.read_table(path)
    kept = [number for number, key in enumerate(table["source_key"].to_pylist()) if key != "shop/orders/2"]
    pq.write_table(table.take(kept), path)  # its digest is still that of all rows
    answer = shell.waybill("ledger", "forget", "C-1", *WHY)
    assert found_in(shell.office.home.published, GONE) == {}, answer.err
    told = shell.waybill("ledger", "audit")
    assert f"{path} does not hold the rows that it was written with" in told.out


@FILE_ONLY
def test_what_was_sent_before_its_batch_was_split_was_sent(scripted_office: Office, platform: Scripted) -> None:
    """An answer is lost, the repeat is refused, and its halves wait for another token."""
    shell, home = Shell(scripted_office), scripted_office.home
    home.create()
    land(scripted_office)
    hand_over(home, events(4))
    replies = [Reply(body=b"<html>please sign in</html>"), error(100, 2804003)]
    platform.script = lambda call: replies.pop(0) if replies else error(190, 463, status=401)
    shell.waybill("deliver")
    assert listed(shell, "C-1", "--dry-run") == {"purchase_1": ("unknown", True), "purchase_3": ("unknown", True)}


@SERVER_ONLY
@pytest.mark.parametrize("end", ["accepted", "unknown"])
def test_what_is_claimed_after_it_was_listed_is_waited_for(
    shell: Shell, platform: Scripted, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """A delivery on another machine began before the journal was there, and has an event under way when it is."""
    office, answered, save = shell.office, threading.Event(), Journal.save
    shell.waybill("resume", "meta")
    office.change(on_unknown="hold", threads=1)
    arrived = threading.Event()

    def script(call: Call) -> Reply:
        if "purchase_7" not in {event["event_id"] for event in call.events}:
            return accepted(call)
        arrived.set()
        return Reply(body=accepted(call).body, hold=answered)

    platform.script = script
    with ThreadPoolExecutor(1) as pool:
        running: list[Future[Any]] = []

        def begin(self: Journal, home: Home) -> None:
            if not running:
                running.append(pool.submit(office.deliver))
                assert arrived.wait(60)
            save(self, home)

        monkeypatch.setattr(Journal, "save", begin)
        before = found_in(office.home.delta, GONE)
        try:
            answer = shell.waybill("ledger", "forget", "C-1", *WHY)
            assert (answer.code, "nothing was erased yet" in answer.err) == (3, True), answer.err
            assert "purchase_7" in sent(platform)
            assert found_in(office.home.delta, GONE) == before
            assert "forget --resume" in shell.waybill("deliver").err
            if end == "unknown":  # its lease ran out, and the answer comes late
                office.rows("update batches set lease_until = '2026-01-01T00:00:00.000000Z' where state = 'sending'")
                assert listed(shell, "--resume")["purchase_7"] == (end, True)
        finally:
            answered.set()
        running[0].result()
    if end == "accepted":
        assert listed(shell, "--resume")["purchase_7"] == (end, True)
    assert sent(platform).count("purchase_7") == 1
    check_gone(office)


@SERVER_ONLY
def test_what_is_enrolled_after_it_was_listed_is_erased_too(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delivery on another machine enrols the newest file, with one of their events, right before the journal."""
    office, save, calls = shell.office, Journal.save, []
    newest = delta.newest(office.home, "meta")
    assert newest is not None
    judge(newest)

    def enrol(self: Journal, home: Home) -> None:
        if not calls:
            calls.append(office.deliver().enrolled)
        save(self, home)

    monkeypatch.setattr(Journal, "save", enrol)
    told = listed(shell, "C-1", *WHY)
    assert calls == [2]
    assert (told["purchase_7"], told["purchase_9"]) == (("pending", False), ("pending", False))
    assert office.states() == {"accepted": 4, "rejected": 1, "unknown": 1, "withdrawn": 2, "pending": 2}
    check_gone(office)


@FILE_ONLY
def test_nothing_is_enrolled_once_an_erasure_began(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The delivery looked for a journal before there was one."""
    office, plan = shell.office, enrolment.plan

    def planned(*arguments: Any) -> Any:
        tombstones.journal_path(office.home).write_text("{}")
        return plan(*arguments)

    monkeypatch.setattr(enrolment, "plan", planned)
    before = office.rows("select file_id from files")
    answer = shell.waybill("deliver")
    assert (answer.code, "forget --resume" in answer.err) == (1, True), answer.err
    assert office.rows("select file_id from files") == before


@FILE_ONLY
def test_a_file_in_which_something_waits_is_not_removed_for_want_of_its_sidecar(shell: Shell) -> None:
    (path,) = shell.office.home.delta.glob(f"meta/{LATER}.parquet")
    sidecar = path.with_suffix(".json")
    said = sidecar.read_bytes()
    sidecar.unlink()
    answer = shell.waybill("ledger", "forget", "C-1", *WHY)
    assert (answer.code, f"{sidecar} is gone" in answer.err, path.exists()) == (1, True, True), answer.err
    sidecar.write_bytes(said)
    assert shell.waybill("ledger", "forget", "--resume").code == 0
    check_gone(shell.office)


@FILE_ONLY
def test_a_table_that_says_nothing_of_people_is_named(shell: Shell, tmp_path: Path) -> None:
    text = (Path(waybill.__file__).parents[1] / "waybill.toml").read_text()
    silent = tmp_path / "silent.toml"
    silent.write_text(text.replace('person = [{ column = "order_id", table = "orders" }]\n', ""))
    assert silent.read_text() != text
    answer = shell.waybill("ledger", "forget", "C-1", *WHY, WAYBILL_CONFIG=str(silent))
    assert (answer.code, "shop.order_lines" in answer.err) == (2, True), answer.err


@FILE_ONLY
def test_keys_that_outlived_their_delta_file_are_erased_too(scripted_office: Office) -> None:
    shell, home = Shell(scripted_office), scripted_office.home
    home.create()
    land(scripted_office)
    first = hand_over(home, events(10))
    assert shell.waybill("deliver").code == 0
    fold(home, "meta")
    for path in home.delta.glob(f"meta/{first.build_id}*"):  # as a purge does
        path.unlink()
    answer = shell.waybill("ledger", "forget", "C-1", *WHY, "--json")
    assert answer.code == 0, answer.err
    assert sorted(event["event_id"] for event in answer.json["events"]) == [f"purchase_{number}" for number in THEIRS]
    assert found_in(home.root, GONE, but={"home.toml"}) == {}
    keys = pq.read_table(home.published / "delivery" / "keys" / "meta").to_pylist()
    assert sum(key["source_key"].startswith("erased/erased/") for key in keys) == 2 * len(THEIRS)  # loose and folded
    assert len({key["source_key"] for key in keys}) == 10
    check_key_files(scripted_office)


@FILE_ONLY
def test_another_with_the_same_key_is_erased_too(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """An erasure of a customer was interrupted; the next call names a lead by the same key."""
    shop = shell.office.home.landing / "shop"
    land(shell.office, {"leads": [{"lead_id": "C-1"}]})
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(erasing, "publish", lambda settings: 1 // 0)
        settings = shell.office.settings
        erasing.forget(settings, "C-1", "customers", actions.author(settings, *WHY[1::2]), lambda told: None)
    assert tombstones.journal_path(shell.office.home).exists()
    assert pq.read_table(shop / "leads").num_rows == 1

    answer = shell.waybill("ledger", "forget", "C-1", "--table", "leads", *WHY)

    assert answer.code == 0, answer.err
    assert pq.read_table(shop / "leads").num_rows == 0
    assert "C-1" not in pq.read_table(shop / "customers")["customer_id"].to_pylist()
