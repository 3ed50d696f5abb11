"""What may not be enrolled, and what a damaged store gets: one clear message, and a ledger as it was."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from office import FILE_ONLY, Office
from outbox import LATER, Event, events, freeze, hand_over, judge

from waybill.delivery.ledger import Ledger
from waybill.delta import DeltaFile
from waybill.emulator import Emulator
from waybill.errors import ConfigurationError, LedgerConflict, SourceUnavailable


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_file_that_nobody_judged_waits(office: Office, emulator: Emulator) -> None:
    freeze(office.home, events(2))

    report = office.deliver()

    assert any("has not judged" in note for note in report.notes)
    assert emulator.book.requests() == []


def test_a_closed_file_is_not_enrolled_and_what_was_enrolled_goes_on(office: Office) -> None:
    first = hand_over(office.home, events(2))
    office.set_token("wrong")
    with pytest.raises(ConfigurationError):
        office.deliver()
    judge(freeze(office.home, events(2, first=3), build=LATER, after=first.file_id), closed=True)
    office.set_token("made-up-token-4711")

    assert office.deliver().accepted == 2
    assert office.rows("select file_id from files") == [(first.file_id,)]


def test_files_of_a_destination_are_a_chain(office: Office, emulator: Emulator) -> None:
    first = hand_over(office.home, events(2))
    office.deliver()
    superseded = hand_over(office.home, events(3), build=LATER)  # frozen before the first was enrolled

    report = office.deliver()

    assert any(first.file_id in note for note in report.notes)
    assert report.enrolled == 0
    assert len(emulator.book.events()) == 2

    hand_over(office.home, events(1, first=3), build="20261120T140000000000Z", after=first.file_id)
    assert office.deliver().accepted == 1
    chain = office.rows("select after_file_id, build_id from files order by build_id")
    assert chain == [("", first.build_id), (first.file_id, "20261120T140000000000Z")]
    assert superseded.file_id not in str(chain)


def test_a_ledger_that_is_older_than_what_was_frozen_is_refused(office: Office, emulator: Emulator) -> None:
    hand_over(office.home, events(2), after="meta/20261119T000000000000Z")

    with pytest.raises(LedgerConflict, match="20261119T000000000000Z"):
        office.deliver()
    assert emulator.book.requests() == []


def a_year_earlier(sidecar: Path) -> None:
    text = sidecar.read_text()
    assert '"frozen_at": "2026' in text
    sidecar.write_text(text.replace('"frozen_at": "2026', '"frozen_at": "2025'))


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda delta: spoil(delta.path), ".parquet"),
        (lambda delta: delta.path.unlink(), ".parquet"),
        (lambda delta: delta.sidecar_path.write_text("{"), ".json"),
        (lambda delta: delta.sidecar_path.write_text("7"), ".json"),
        (lambda delta: a_year_earlier(delta.sidecar_path), ".json"),
        (lambda delta: delta.withdrawals_path.unlink(), ".withdrawals.parquet"),
        (lambda delta: delta.withdrawals_path.write_bytes(b"PAR1"), ".withdrawals.parquet"),
        (lambda delta: delta.decision_path.write_text("{}"), ".decision.json"),
        (lambda delta: delta.gate_path.unlink(), "gate"),
        (lambda delta: spoil(delta.gate_path), "gate"),
    ],
)
def test_a_damaged_file_is_named_and_the_ledger_stays_as_it_was(
    office: Office, emulator: Emulator, damage: Callable[[DeltaFile], None], named: str
) -> None:
    first = hand_over(office.home, events(1))
    office.deliver()
    before, requests = office.dump(), len(emulator.book.requests())
    delta = freeze(office.home, events(2, first=2), build=LATER, after=first.file_id)
    judge(delta, quarantined=[1])
    damage(delta)

    with pytest.raises(LedgerConflict, match=delta.build_id) as refused:
        office.deliver()

    assert named in str(refused.value)
    assert office.dump() == before
    assert len(emulator.book.requests()) == requests


@pytest.mark.parametrize("damage", [spoil, Path.unlink])
def test_a_file_that_events_wait_in_must_be_whole(
    office: Office, emulator: Emulator, damage: Callable[[Path], None]
) -> None:
    delta = hand_over(office.home, events(2))
    office.set_token("wrong")
    with pytest.raises(ConfigurationError):
        office.deliver()
    before, requests = office.dump(), len(emulator.book.requests())
    damage(delta.path)

    with pytest.raises(LedgerConflict, match=str(delta.path)):
        office.deliver()
    assert office.dump() == before
    assert len(emulator.book.requests()) == requests


@pytest.mark.parametrize(
    "repeats",
    [
        [Event(1)],  # its source key
        [Event(9, event_id="purchase_1")],
        [Event(8), Event(8, event_id="another")],
        [Event(8), Event(9, event_id="purchase_8")],
    ],
)
def test_nothing_is_enrolled_twice(office: Office, emulator: Emulator, repeats: list[Event]) -> None:
    first = hand_over(office.home, events(2))
    office.deliver()
    hand_over(office.home, repeats, build=LATER, after=first.file_id)

    with pytest.raises(LedgerConflict, match=LATER):
        office.deliver()
    assert len(emulator.book.events()) == 2
    assert office.rows("select count(*) from files") == [(1,)]


def test_an_empty_file_is_passed_over(office: Office) -> None:
    hand_over(office.home, [])

    assert office.deliver().notes == ()
    assert office.rows("select count(*) from files") == [(0,)]


def test_a_decision_about_another_file_is_refused(office: Office) -> None:
    delta = hand_over(office.home, events(2))
    decision = json.loads(delta.decision_path.read_text())
    delta.decision_path.write_text(json.dumps({**decision, "file_sha256": "0" * 64}))

    with pytest.raises(LedgerConflict, match="another file"):
        office.deliver()


@FILE_ONLY
def test_a_ledger_that_another_process_holds_is_named_and_the_step_may_run_again(office: Office) -> None:
    hand_over(office.home, events(1))
    office.deliver()
    with closing(sqlite3.connect(office.home.ledger_file, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(SourceUnavailable, match="locked by another process") as busy:
            Ledger(office.home, busy_seconds=0.1)
        assert Ledger.open_readonly(office.home).last_enrolled("meta") != ""
    assert busy.value.exit_code == 3


@FILE_ONLY
def test_a_file_that_is_no_ledger_is_left_alone(office: Office) -> None:
    office.home.create()
    office.home.ledger_file.write_bytes(b"not a database" * 100)

    with pytest.raises(LedgerConflict, match="damaged"):
        office.deliver()
    with pytest.raises(LedgerConflict, match="damaged"):
        Ledger.open_readonly(office.home)


def test_a_ledger_of_a_newer_waybill_is_refused(office: Office) -> None:
    hand_over(office.home, events(1))
    office.deliver()
    office.rows("update schema_version set version = 99")

    with pytest.raises(ConfigurationError, match="version 99"):
        office.deliver()
    with pytest.raises(ConfigurationError, match="version 99"):
        Ledger.open_readonly(office.home)
