"""People are told of a closing once, and asked about it, however many files the builds freeze meanwhile."""

from dataclasses import dataclass, replace
from datetime import timedelta

import duckdb
import pytest
from deltas import NOW, Shop, write_delta

from waybill import jobs
from waybill.clock import to_text
from waybill.delta import DeltaFile
from waybill.errors import ConfigurationError, GateClosed, GateStillClosed
from waybill.files import sha256_of
from waybill.quality import approvals, closings, decisions, suites
from waybill.quality.decisions import Decision, Failure
from waybill.quality.gate import ensure_empty, judge
from waybill.settings import Settings
from waybill.thresholds import Thresholds

VERSION = suites.suite_version(Thresholds())


@dataclass
class Gate:
    """Writes files and decisions as builds and gates do one after the other, five minutes apart."""

    settings: Settings
    built: int = 0

    def frozen(self, after: str = "", minutes: int = 5) -> DeltaFile:
        self.built += minutes
        made = write_delta(self.settings.home, Shop().rows(2), build_id=f"20261120T{self.built:012d}Z")
        delta = replace(made, after=after, frozen_at=NOW + timedelta(minutes=self.built))
        delta.write_sidecar()
        return delta

    def close(self, *failed: str, after: str = "", minutes: int = 5) -> Decision:
        return self.judge(self.frozen(after, minutes), *failed)

    def open(self) -> Decision:
        return self.judge(self.frozen())

    def judge(self, delta: DeltaFile, *failed: str) -> Decision:
        ensure_empty(self.settings.home, "meta")
        delta.gate_path.write_bytes((delta.gate_path.parent / "_empty.parquet").read_bytes())
        decision = Decision(
            file_id=delta.file_id,
            file_sha256=delta.sha256,
            decision="closed" if failed else "open",
            suite_version=VERSION,
            judged_at=to_text(delta.frozen_at),
            rows=2,
            passed=2,
            quarantined=0,
            past_expiry=0,
            failures=tuple(Failure(name, "at most 0.2", "0.9", ("purchase_1",), "set") for name in failed),
            data_docs="",
            gate_file_sha256=sha256_of(delta.gate_path),
            closing=closings.begun_by(delta, failed) if failed else "",
        )
        decisions.write(delta, decision)
        return decision

    def asked(self) -> closings.Request | None:
        return closings.request(self.settings.home, "meta")

    def answer(self, file_id: str, *, opened: bool) -> None:
        jobs.decide(self.settings, file_id, opened=opened, because="TICKET-7", by="jane")


@pytest.fixture
def gate(settings: Settings) -> Gate:
    return Gate(settings)


def test_a_closing_lasts_while_nothing_new_is_wrong(gate: Gate) -> None:
    first = gate.close("zero_value_share", "one_em_share")
    lasting = [gate.close("zero_value_share"), gate.close("one_em_share", "zero_value_share")]
    gate.frozen()  # superseded before it was judged
    lasting.append(gate.close("one_em_share"))

    assert first.begins_closing
    assert {decision.closing for decision in lasting} == {first.file_id}
    assert not any(decision.begins_closing for decision in lasting)


def test_something_new_that_is_wrong_an_open_file_and_an_enrolment_each_begin_another(gate: Gate) -> None:
    gate.close("zero_value_share")
    assert gate.close("zero_value_share", "one_em_share").begins_closing
    gate.open()
    assert gate.close("one_em_share").begins_closing
    assert gate.close("one_em_share", after="meta/20261119T000000000000Z").begins_closing


def test_a_closing_is_asked_about_once_an_hour_and_always_about_the_newest_file(gate: Gate) -> None:
    assert gate.asked() is None
    requests = []
    for _ in range(30):  # two and a half hours
        newest = gate.close("zero_value_share")
        asked = gate.asked()
        assert asked is not None and asked.file_id == newest.file_id
        requests.append(asked.name)
    assert len(set(requests)) == 3
    assert requests == sorted(requests)
    gate.open()
    assert gate.asked() is None


def test_an_answer_counts_only_for_the_decision_that_was_shown(gate: Gate) -> None:
    """The limits change while a person looks: what was to stay quarantined may pass by now."""
    delta = gate.frozen()
    decision = gate.judge(delta, "zero_value_share")
    asked, shown = gate.asked(), decisions.digest(delta)
    decisions.write(delta, replace(decision, suite_version="98-other"))

    again = gate.asked()
    assert asked is not None and again is not None and asked.name != again.name
    with pytest.raises(ConfigurationError, match="judged again since it was shown; look again"):
        jobs.decide(gate.settings, delta.file_id, opened=True, because="TICKET-7", by="jane", shown=shown)
    assert approvals.read(delta) is None
    found = jobs.closed_file(gate.settings, delta.file_id)
    decisions.write(delta, decision)
    with pytest.raises(ConfigurationError, match="judged again"):
        approvals.decide(found, opened=True, who="jane", because="TICKET-7", now=NOW)
    jobs.decide(gate.settings, delta.file_id, opened=True, because="TICKET-7", by="jane", shown=shown)


def test_an_empty_file_that_was_closed_has_nothing_to_open_and_says_why(gate: Gate) -> None:
    delta = gate.frozen()
    decision = gate.judge(delta, "landed_rows_overdue")
    empty = replace(decision, rows=0, passed=0)
    decisions.write(delta, empty)

    with pytest.raises(ConfigurationError, match=r"has no rows.*\(landed_rows_overdue\)\. Mend the export"):
        gate.answer(delta.file_id, opened=True)
    assert "gate open" not in empty.explanation()
    assert "gate open" in decision.explanation()


@pytest.mark.parametrize("opened", [True, False])
def test_a_closing_that_somebody_has_answered_is_not_asked_about_again(gate: Gate, opened: bool) -> None:
    seen = gate.close("zero_value_share")
    gate.close("zero_value_share", minutes=30)
    gate.answer(seen.file_id, opened=opened)

    assert gate.asked() is None
    newest = gate.close("zero_value_share", minutes=200)
    assert gate.asked() is None
    with pytest.raises(GateStillClosed, match="by jane") as told:
        jobs.gate(started(gate.settings), "meta")
    assert newest.file_id in str(told.value)
    another = gate.close("one_em_share")
    assert another.begins_closing
    assert gate.asked() is not None


def test_the_gate_says_it_once_then_that_it_still_is_so(gate: Gate) -> None:
    settings = started(gate.settings)
    first = gate.close("zero_value_share")
    with pytest.raises(GateClosed, match="waybill gate open --file") as told:
        jobs.gate(settings, "meta")
    assert not isinstance(told.value, GateStillClosed)
    gate.close("zero_value_share")
    with pytest.raises(GateStillClosed, match=f"same reasons as {first.file_id}.*Nobody has opened it"):
        jobs.gate(settings, "meta")


def test_a_file_that_was_opened_counts_as_open_and_its_word_is_published(gate: Gate) -> None:
    decision = gate.close("zero_value_share")
    gate.answer(decision.file_id, opened=True)

    assert jobs.gate(started(gate.settings), "meta").counts() == {
        **decision.counts(),
        "passed": 2,
        "gated": 0,
        "open": 1,
    }
    published = gate.settings.home.published / "approvals" / "meta" / "*.parquet"
    assert duckdb.sql(f"select file_id, opened, who, because from '{published}'").fetchall() == [
        (decision.file_id, True, "jane", "TICKET-7")
    ]


def test_what_great_expectations_closes_begins_a_closing_and_stays_as_a_person_decided(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Shop().rows(60)
    for row in rows:
        row.user["external_id"] = rows[0].user["external_id"]
    delta = write_delta(settings.home, rows)
    decision = judge(settings, delta)
    assert decision.begins_closing
    assert decision.failed_sets() == {"one_external_id_share"}
    jobs.decide(settings, delta.file_id, opened=False, because="who is this?", by="jane")

    # Kept closed under one suite, it is looked at anew by the next; opened, its rows may be enrolled already.
    monkeypatch.setattr(suites, "SUITE_VERSION", "98")
    assert judge(settings, delta).suite_version.startswith("98")
    assert approvals.read(delta) is None
    jobs.decide(settings, delta.file_id, opened=True, because="one wholesaler", by="jane")
    monkeypatch.setattr(suites, "SUITE_VERSION", "99")
    assert judge(settings, delta).suite_version.startswith("98")
    word = approvals.read(delta)
    assert word is not None and word.opened


def started(settings: Settings) -> Settings:
    target = settings.destinations["meta"].model_copy(update={"start_at": NOW - timedelta(days=9)})
    return settings.model_copy(update={"destinations": {"meta": target}})
