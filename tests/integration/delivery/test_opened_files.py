"""A closed file is enrolled only with a person's word that is whole and about it, and only as that person saw it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from office import FILE_ONLY, Office
from outbox import DELTA, LATER, NOW, Event, events, freeze, judge

from waybill import jobs
from waybill.accounting import audit_files
from waybill.delta import DeltaFile
from waybill.emulator import Emulator
from waybill.errors import ConfigurationError, LedgerConflict
from waybill.files import sha256_of
from waybill.home import Home
from waybill.quality import approvals

STILL_LATER = "20261120T140000000000Z"


def open_file(office: Office, delta: DeltaFile, *, opened: bool = True) -> None:
    jobs.decide(office.settings, delta.file_id, opened=opened, because="as it should be, TICKET-7", by="jane")


def closed(office: Office, count: int = 4, build: str = "20261120T120000000000Z", after: str = "") -> DeltaFile:
    """A closed file of purchases, the first of which is quarantined."""
    delta = freeze(office.home, events(count), build=build, after=after)
    judge(delta, quarantined=[0], closed=True)
    return delta


def test_an_opened_file_is_enrolled_without_its_quarantined_rows_and_the_ledger_says_who(
    office: Office, emulator: Emulator
) -> None:
    delta = closed(office)
    open_file(office, delta)

    assert office.deliver().accepted == 3

    assert sorted(event.event_id for event in emulator.book.events()) == ["purchase_2", "purchase_3", "purchase_4"]
    assert office.rows("select rows, enrolled_rows, quarantined_rows from files") == [(4, 3, 1)]
    assert office.rows("select who, verb, destination, because, events from actions") == [
        ("jane", "open", "meta", "as it should be, TICKET-7", 3)
    ]
    assert office.deliver().sent == 0
    assert office.rows("select count(*) from actions") == [(1,)]


def test_a_file_that_is_kept_closed_is_not_enrolled(office: Office, emulator: Emulator) -> None:
    delta = closed(office)
    open_file(office, delta, opened=False)

    assert office.deliver().enrolled == 0
    assert emulator.book.requests() == []
    open_file(office, delta)  # on second thoughts
    assert office.deliver().accepted == 3


def test_a_superseded_file_brings_what_the_newest_build_still_has_as_it_was(office: Office, emulator: Emulator) -> None:
    """The gate closed at three, builds went on every five minutes, and the person comes at nine."""
    seen = freeze(office.home, events(5))
    judge(seen, quarantined=[0], closed=True)
    # Since then the second changed, the third's consent was withdrawn, the fourth was found bad, and a sixth came.
    newest = freeze(office.home, [Event(2, padding=1), Event(4), Event(5), Event(6)], build=LATER)
    judge(newest, quarantined=[1], closed=True)
    open_file(office, seen)

    report = office.deliver()

    assert [event.event_id for event in emulator.book.events()] == ["purchase_5"]
    assert report.enrolled == 1
    assert office.rows("select rows, enrolled_rows, quarantined_rows from files") == [(5, 1, 4)]
    following = freeze(office.home, [Event(2, padding=1), Event(6)], build=STILL_LATER, after=seen.file_id)
    judge(following)
    assert office.deliver().accepted == 2


@FILE_ONLY
@pytest.mark.parametrize(
    "changed", [{"dataset": "second"}, {"expires_at": NOW + timedelta(days=2)}, {"value": None}, {"currency": "USD"}]
)
def test_a_row_that_goes_elsewhere_by_now_is_left_to_the_next_file(office: Office, changed: dict[str, Any]) -> None:
    """Its payload is what it was; the dataset, the value, the currency and the expiry stand beside it."""
    open_file(office, closed(office, 3))
    newest = freeze(office.home, events(3), build=LATER)
    rows = pq.read_table(newest.path).to_pylist()
    rows[1].update(changed)
    pq.write_table(pa.Table.from_pylist(rows, schema=DELTA), newest.path)
    newest = replace(newest, sha256=sha256_of(newest.path))
    newest.write_sidecar()
    judge(newest, closed=True)

    assert office.deliver().enrolled == 1


def test_when_the_newest_file_is_open_it_goes_whole(office: Office, emulator: Emulator) -> None:
    seen = closed(office)
    open_file(office, seen)
    newest = freeze(office.home, events(6), build=LATER)
    judge(newest)

    assert office.deliver().accepted == 6
    assert office.rows("select file_id from files") == [(newest.file_id,)]
    assert office.rows("select count(*) from actions") == [(0,)]


def test_nothing_is_enrolled_when_nothing_is_as_it_was(office: Office, emulator: Emulator) -> None:
    seen = closed(office)
    open_file(office, seen)
    judge(freeze(office.home, [Event(number, padding=3) for number in range(1, 5)], build=LATER), closed=True)

    assert any(seen.file_id in note for note in office.deliver().notes)
    assert office.rows("select count(*) from files") == [(0,)]


def edited(delta: DeltaFile, **changes: object) -> None:
    delta.approval_path.write_text(json.dumps({**json.loads(delta.approval_path.read_text()), **changes}))


def torn(delta: DeltaFile) -> None:
    delta.approval_path.write_text(delta.approval_path.read_text()[:100])


def foreign(delta: DeltaFile) -> None:
    other = freeze(Home(delta.path.parents[2]), events(3, first=50), build="20261120T110000000000Z")
    judge(other, closed=True)
    other.approval_path.write_bytes(delta.approval_path.read_bytes())
    delta.approval_path.unlink()


def judged_again(delta: DeltaFile) -> None:
    delta.decision_path.write_text(delta.decision_path.read_text() + " ")


@FILE_ONLY
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (torn, "cannot be read"),
        (lambda delta: delta.approval_path.write_text("[]"), "cannot be read"),
        (lambda delta: delta.approval_path.write_text("null"), "cannot be read"),
        (lambda delta: edited(delta, who="somebody else"), "was changed"),
        (lambda delta: edited(delta, decided_at="yesterday"), "cannot be read"),
        (foreign, "about another file"),
        (judged_again, "about another decision"),
    ],
)
def test_an_approval_that_is_not_whole_opens_nothing(
    office: Office, emulator: Emulator, damage: Callable[[DeltaFile], None], said: str
) -> None:
    delta = closed(office)
    open_file(office, delta)
    damage(delta)

    with pytest.raises(LedgerConflict, match=said) as refused:
        office.deliver()

    assert "waybill gate open --file" in str(refused.value)
    assert office.rows("select count(*) from files") == [(0,)]
    assert emulator.book.requests() == []


@FILE_ONLY
def test_a_word_that_was_kept_closed_cannot_be_edited_into_open(office: Office) -> None:
    delta = closed(office)
    open_file(office, delta, opened=False)
    edited(delta, opened=True)

    with pytest.raises(LedgerConflict, match="was changed"):
        office.deliver()


@FILE_ONLY
def test_what_cannot_be_opened_says_why_and_what_to_do(office: Office) -> None:
    def refused(delta: DeltaFile | str) -> str:
        before = {path: path.read_bytes() for path in office.home.delta.rglob("*.json")}
        with pytest.raises(ConfigurationError) as error:
            open_file(office, delta) if isinstance(delta, DeltaFile) else jobs.decide(
                office.settings, delta, opened=True, because="because", by="jane"
            )
        assert {path: path.read_bytes() for path in office.home.delta.rglob("*.json")} == before
        return str(error.value)

    assert "no delta file" in refused("meta/../../etc/passwd")
    assert "no delta file" in refused("elsewhere/20261120T120000000000Z")
    first = freeze(office.home, events(3))
    assert "has not judged" in refused(first)
    judge(first, quarantined=[0, 1, 2], closed=True)
    assert "nothing to open" in refused(first)
    judge(first)
    assert "is open already" in refused(first)
    older = closed(office, build="20261120T110000000000Z")
    assert "which is open" in refused(older)
    office.deliver()
    assert "enrolled already" in refused(first)
    assert f"newest file, {first.file_id}" in refused(older)
    newest = closed(office, 6, build=LATER, after=first.file_id)
    open_file(office, newest)
    assert "was opened by jane" in refused(newest)


@FILE_ONLY
@pytest.mark.parametrize("because", ["jane.roe@example.com said so", "call +44 7700 900123", " ", "made-up-token-4711"])
def test_a_reason_is_kept_without_contact_data(office: Office, because: str) -> None:
    delta = closed(office)

    with pytest.raises(ConfigurationError, match="--because"):
        jobs.decide(office.settings, delta.file_id, opened=True, because=because, by="jane")
    assert not delta.approval_path.exists()
    assert not (office.home.published / "approvals").exists()


@FILE_ONLY
def test_a_damaged_delta_file_is_not_opened(office: Office) -> None:
    delta = closed(office)
    delta.path.write_bytes(b"PAR1" + delta.path.read_bytes())

    with pytest.raises(LedgerConflict, match=delta.path.name):
        open_file(office, delta)
    assert not Path(delta.approval_path).exists()


@FILE_ONLY
def test_an_opened_file_waits_until_the_gate_has_judged_the_newest(office: Office, emulator: Emulator) -> None:
    open_file(office, closed(office))
    newest = freeze(office.home, events(4), build=LATER)

    (note,) = office.deliver().notes
    assert f"the gate has not judged {newest.file_id} yet; run `waybill gate`" in note
    assert office.rows("select count(*) from files") == [(0,)]

    judge(newest, quarantined=[0, 1], closed=True)
    assert office.deliver().accepted == 2
    assert sorted(event.event_id for event in emulator.book.events()) == ["purchase_3", "purchase_4"]


@FILE_ONLY
def test_a_decision_of_an_older_version_counts_neither_as_open_nor_as_opened(office: Office) -> None:
    """It has no digest, so nobody knows whether it was edited; the gate judges the file again."""
    delta = closed(office)
    open_file(office, delta)
    for raw in ({}, {"decision": "open"}):
        raw = {**json.loads(delta.decision_path.read_text()), **raw}
        delta.decision_path.write_text(json.dumps({name: raw[name] for name in raw if name != "sha256"}))
        approvals.rebind(delta)

        (note,) = office.deliver().notes
        assert "has not judged" in note
        assert "waybill gate" in note
    assert office.rows("select count(*) from files") == [(0,)]


@FILE_ONLY
def test_a_word_on_a_file_that_is_half_purged_disturbs_nobody(office: Office) -> None:
    open_file(office, closed(office, build="20261120T110000000000Z"))
    (office.home.delta / "meta" / "20261120T110000000000Z.json").unlink()
    judge(freeze(office.home, events(2)), closed=True)

    assert office.deliver().enrolled == 0


def test_the_audit_finds_a_closed_file_that_nobody_opened(office: Office) -> None:
    delta = closed(office)
    open_file(office, delta)
    office.deliver()
    assert audit_files._not_let_through(delta) == []
    delta.approval_path.unlink()

    (finding,) = audit_files._not_let_through(delta)
    assert delta.file_id in finding
