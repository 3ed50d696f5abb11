"""Several deliverers at once, one that is stopped, and a ledger's server that goes away while events are being sent."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from office import DATASET, FILE_ONLY, SERVER_ONLY, TOKEN, Office
from outbox import LATER, NOW, events, freeze, hand_over, judge
from scripted import Call, Reply, Scripted, accepted

from ledgers import LedgerServer, ledger_server
from waybill.delivery import enrolment, sender
from waybill.delivery.actions import Author
from waybill.delivery.verbs import withdraw
from waybill.emulator import Emulator
from waybill.errors import ConfigurationError, SourceUnavailable

DELIVER = """
import sys
from datetime import datetime
from waybill.delivery.run import deliver
from waybill.settings import load_settings
settings = load_settings().model_copy(update={"as_of": datetime.fromisoformat(sys.argv[1])})
print(deliver(settings, "meta", lease_seconds=float(sys.argv[2])).notes)
"""


@contextmanager
def process(office: Office, lease_seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A delivery in a process of its own."""
    uri = office.home.ledger_uri
    environment = {
        **os.environ,
        "WAYBILL_HOME": str(office.home.root),
        "WAYBILL_META_DATASET_ID": DATASET,
        "WAYBILL_META_ACCESS_TOKEN": TOKEN,
        "WAYBILL_META_BASE_URL": office.settings.destinations["meta"].base_url,
        "WAYBILL_META_START_AT": "2026-11-01T00:00:00Z",
        "WAYBILL_LEDGER_URI": uri.get_secret_value() if uri else "",
    }
    command = [sys.executable, "-c", DELIVER, NOW.isoformat(), str(lease_seconds)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def let_leases_run_out(office: Office) -> None:
    """Instead of waiting: nothing here may depend on how fast a machine is."""
    office.rows("update batches set lease_until = '2026-01-01T00:00:00.000000Z' where lease_until is not null")


@SERVER_ONLY
def test_two_deliverers_share_the_work_and_nothing_is_sent_twice(scripted_office: Office, platform: Scripted) -> None:
    scripted_office.change(batch_size=1, threads=1)
    hand_over(scripted_office.home, events(40))
    both = threading.Barrier(2, timeout=60)  # passed when two requests are under way, and each deliverer has one

    def script(call: Call) -> Reply:
        if len(platform.calls) <= 2:
            both.wait()
        return accepted(call)

    platform.script = script
    with ThreadPoolExecutor(2) as pool:
        reports = [future.result() for future in [pool.submit(scripted_office.deliver) for _ in range(2)]]

    sent = sorted(event["event_id"] for call in platform.calls for event in call.events)
    assert sent == sorted(row.id for row in events(40))
    assert sorted(report.enrolled for report in reports) == [0, 40]
    assert sum(report.accepted for report in reports) == 40
    assert min(report.accepted for report in reports) > 0
    assert scripted_office.states() == {"accepted": 40}
    assert scripted_office.rows("select count(*), max(lease_token) from batches") == [(40, 1)]


@SERVER_ONLY
def test_four_deliverers_with_bad_events_and_withdrawals(office: Office, emulator: Emulator) -> None:
    office.change(batch_size=25, threads=2)
    first = hand_over(office.home, events(100, spoilt=[13, 77]))
    office.set_token("an-expired-token")
    with pytest.raises(ConfigurationError):
        office.deliver()
    office.set_token(TOKEN)
    withdrawn = [(first.file_id, row, "consent") for row in (4, 44)]
    judge(freeze(office.home, events(100, first=101), build=LATER, after=first.file_id, withdrawals=withdrawn))

    with ThreadPoolExecutor(4) as pool:
        reports = [future.result() for future in [pool.submit(office.deliver) for _ in range(4)]]

    assert office.states() == {"accepted": 196, "rejected": 2, "withdrawn": 2}
    delivered = [event.event_id for event in emulator.book.events()]
    assert len(delivered) == len(set(delivered)) == 196
    assert sorted(report.enrolled for report in reports) == [0, 0, 0, 100]
    assert sorted(report.withdrawn for report in reports) == [0, 0, 0, 2]
    assert sum(report.accepted for report in reports) == 196
    assert sum(report.rejected for report in reports) == 2


@SERVER_ONLY
def test_what_another_deliverer_enrols_while_this_one_plans_is_no_contradiction(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's keys are there, and the chain that this one read does not have the file yet."""
    plan, others = enrolment.plan, []

    def planned(*arguments: Any) -> Any:
        if not others:
            others.append(None)
            others[0] = office.deliver()
        return plan(*arguments)

    monkeypatch.setattr(enrolment, "plan", planned)
    hand_over(office.home, events(3))
    mine = office.deliver()

    assert (others[0].enrolled, mine.enrolled) == (3, 0)
    assert office.states() == {"accepted": 3}


@FILE_ONLY
def test_of_two_processes_at_a_file_one_works_and_the_other_says_so(
    scripted_office: Office, platform: Scripted
) -> None:
    hand_over(scripted_office.home, events(2))
    held = threading.Event()
    platform.script = lambda call: Reply(accepted(call).status, accepted(call).body, hold=held)
    with process(scripted_office, 60) as first:
        assert platform.arrived.wait(60)
        first.send_signal(signal.SIGSTOP)  # the lock is its own even so, and however long that lasts
        second = scripted_office.deliver()
        first.send_signal(signal.SIGCONT)
        held.set()
        assert first.wait(60) == 0
    assert any("another delivery" in note for note in second.notes)
    assert len(platform.calls) == 1
    assert scripted_office.states() == {"accepted": 2}


@SERVER_ONLY
def test_a_person_on_another_machine_withdraws_while_a_delivery_runs(
    scripted_office: Office, platform: Scripted, tmp_path: Path
) -> None:
    scripted_office.change(batch_size=2, threads=1)
    hand_over(scripted_office.home, events(6))
    shutil.copytree(scripted_office.home.root, tmp_path / "elsewhere")
    elsewhere = Office(scripted_office.settings.model_copy(update={"home_root": tmp_path / "elsewhere"}))
    person = Author("somebody", "ticket 4711")
    held = threading.Event()

    def script(call: Call) -> Reply:
        return Reply(200, accepted(call).body, hold=held) if len(platform.calls) == 1 else accepted(call)

    platform.script = script
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(scripted_office.deliver)
        assert platform.arrived.wait(60)  # it has read what waits, and sends the first two
        first = [event["event_id"] for event in platform.calls[0].events]
        waiting = [event.id for event in events(6) if event.id not in first]
        [done] = withdraw(elsewhere.settings, waiting[0], None, person)
        with pytest.raises(ConfigurationError, match="is being sent"):
            withdraw(elsewhere.settings, first[0], None, person)
        held.set()
        report = run.result(120)
    again = elsewhere.deliver()

    assert done.states == {"withdrawn": 1}
    sent = sorted(event["event_id"] for call in platform.calls for event in call.events)
    assert sent == sorted([*first, *waiting[1:]])
    assert report.accepted + again.accepted == 5
    assert scripted_office.states() == {"accepted": 5, "withdrawn": 1}


@SERVER_ONLY
def test_a_deliverer_stopped_past_its_lease_wakes_up_and_changes_nothing(
    scripted_office: Office, platform: Scripted
) -> None:
    hand_over(scripted_office.home, events(3))
    held = threading.Event()

    def script(call: Call) -> Reply:
        return Reply(200, accepted(call).body, hold=held) if len(platform.calls) == 1 else accepted(call)

    platform.script = script
    with process(scripted_office, 3600) as first:
        assert platform.arrived.wait(60)
        first.send_signal(signal.SIGSTOP)
        early = scripted_office.deliver()  # its lease is still good
        let_leases_run_out(scripted_office)
        second = scripted_office.deliver()
        before = scripted_office.rows("select * from batches")
        held.set()
        first.send_signal(signal.SIGCONT)
        notes, _ = first.communicate(timeout=60)

    assert early.accepted == 0 and any("are being sent" in note for note in early.notes)
    assert second.accepted == 3 and any("made unknown" in note for note in second.notes)
    assert "answers to 3 events came after another delivery had taken them over" in notes
    assert scripted_office.rows("select * from batches") == before
    assert scripted_office.states() == {"accepted": 3}
    outcomes = scripted_office.rows("select outcome, http_status, reason from attempts order by attempt_id")
    assert outcomes[1] == ("accepted", 200, None)
    assert outcomes[0] == ("unknown", 200, "the lease ran out before the answer; the answer came late: accepted")
    first_call, second_call = platform.calls
    assert first_call.body == second_call.body


@SERVER_ONLY
def test_a_killed_deliverer_is_recovered_when_its_lease_has_run_out(
    scripted_office: Office, platform: Scripted
) -> None:
    hand_over(scripted_office.home, events(3))
    never = threading.Event()
    platform.script = lambda call: Reply(hold=never)
    with process(scripted_office, 3600) as first:
        assert platform.arrived.wait(60)
        first.kill()
        first.wait(60)
    never.set()
    platform.script = accepted

    assert scripted_office.deliver().accepted == 0
    assert scripted_office.states() == {"sending": 3}
    let_leases_run_out(scripted_office)
    assert scripted_office.deliver().accepted == 3
    assert scripted_office.rows("select outcome from attempts order by attempt_id") == [("unknown",), ("accepted",)]


@pytest.fixture
def own_server() -> Iterator[LedgerServer]:
    """A server that a test may stop."""
    with ledger_server() as server:
        yield server


@SERVER_ONLY
@pytest.mark.parametrize("back", [False, True], ids=["stays away", "is back before the answers"])
def test_a_server_that_restarts_ends_the_run_and_loses_nothing(
    make_office: Callable[[str], Office],
    own_server: LedgerServer,
    platform: Scripted,
    monkeypatch: pytest.MonkeyPatch,
    back: bool,
) -> None:
    office = make_office(platform.url)
    office.move_ledger(own_server.schema())
    office.change(batch_size=2, threads=2)
    hand_over(office.home, events(8))
    held = threading.Event()
    under_way = threading.Barrier(3, timeout=60)

    def script(call: Call) -> Reply:
        under_way.wait()
        return Reply(200, accepted(call).body, hold=held)

    platform.script = script
    monkeypatch.setattr(sender, "_RECORD_SECONDS", 10.0 if back else 0.5)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(office.deliver, lease_seconds=3600)
        under_way.wait()
        own_server.stop()
        if back:
            own_server.start()
        held.set()
        with pytest.raises(SourceUnavailable, match="away or was restarted") as ended:
            run.result(120)
    assert ended.value.exit_code == 3
    if not back:
        own_server.start()
    assert office.states() == ({"accepted": 4, "pending": 4} if back else {"sending": 4, "pending": 4})

    platform.script = accepted
    let_leases_run_out(office)
    report = office.deliver()

    assert office.states() == {"accepted": 8}
    assert report.accepted == (4 if back else 8)
    assert any("4 events were being sent" in note for note in report.notes) is not back
    outcomes = [outcome for (outcome,) in office.rows("select outcome from attempts order by attempt_id")]
    assert outcomes == [*([] if back else ["unknown"] * 2), *["accepted"] * 4]
    assert len(platform.calls) == (4 if back else 6)
