"""What the gate writes and keeps: one decision per file, bound to bytes, without contact data, for owners only."""

import hashlib
import json
import logging
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltas import NOW, Row, Shop, write_delta

from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict, SourceUnavailable
from waybill.files import locked, sha256_of
from waybill.quality import decisions, suites
from waybill.quality.gate import judge
from waybill.quality.suites import suite_version
from waybill.settings import Settings
from waybill.thresholds import Thresholds

CANARIES = ("jane.roe", "4477009", "7700 900", "Roe-Canary", "12 Canary Street")


def test_the_decision_is_written_as_contracted(settings: Settings) -> None:
    rows = Shop().rows(12)
    rows[2].columns["past_expiry"] = True
    rows[5].user["em"] = "A" * 64
    delta = write_delta(settings.home, rows)
    decision = judge(settings, delta)
    raw = json.loads(delta.decision_path.read_text(encoding="utf-8"))
    digest = raw.pop("sha256")
    assert digest == hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
    assert raw.pop("failures") == [
        {
            "expectation": "em_not_sha256",
            "expected": decision.failures[0].expected,
            "observed": "1 of 11 rows",
            "examples": ["purchase_100005"],
            "level": "row",
        }
    ]
    assert raw == {
        "file_id": delta.file_id,
        "file_sha256": delta.sha256,
        "decision": "open",
        "suite_version": suite_version(Thresholds()),
        "judged_at": "2026-11-20T12:00:00.000000Z",
        "rows": 12,
        "passed": 10,
        "quarantined": 1,
        "past_expiry": 1,
        "data_docs": decision.data_docs,
        "gate_file_sha256": sha256_of(delta.gate_path),
        "closing": "",
    }
    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet(?)", [str(delta.gate_path)])
        names = [column[0] for column in found.description or ()]
        (row,) = found.fetchall()
    assert dict(zip(names, row, strict=True)) == {
        "destination": "meta",
        "file_id": delta.file_id,
        "build_id": delta.build_id,
        "row_number": 5,
        "dataset": "main",
        "event_kind": "website_purchase",
        "event_name": "Purchase",
        "source_key": "shop/orders/100005",
        "event_id": "purchase_100005",
        "payload_digest": rows[5].finished(5)["payload_digest"],
        "state": "quarantined",
        "reasons": ["em_not_sha256"],
        "judged_at": NOW,
        "suite_version": suite_version(Thresholds()),
        "value": rows[5].columns["value"],
        "currency": rows[5].columns["currency"],
        "first_seen": NOW,
    }


def test_judging_twice_changes_nothing(settings: Settings) -> None:
    delta = write_delta(settings.home, Shop().rows(8))
    first = judge(settings, delta)
    before = {path: path.stat().st_mtime_ns for path in settings.home.root.rglob("*") if path.name != "gate.lock"}
    assert judge(settings, delta) == first == decisions.read(delta)
    assert {
        path: path.stat().st_mtime_ns for path in settings.home.root.rglob("*") if path.name != "gate.lock"
    } == before


@pytest.mark.parametrize(("past_expiry", "rows"), [(False, 0), (True, 3)])
def test_a_file_without_rows_to_judge_is_open(past_expiry: bool, rows: int, settings: Settings) -> None:
    """In a process of its own, which must not have paid for Great Expectations."""
    made = Shop().rows(rows)
    for row in made:
        row.columns["past_expiry"] = past_expiry
    delta = write_delta(settings.home, made)
    script = (
        "import sys; from waybill.quality.gate import judge; from waybill.settings import load_settings;"
        "from waybill.delta import newest; s = load_settings();"
        "d = judge(s, newest(s.home, 'meta')); assert d.is_open and d.data_docs == '', d;"
        "assert not {'great_expectations', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], env={"WAYBILL_HOME": str(settings.home_root)}, check=True)
    decision = decisions.read(delta)
    assert decision is not None
    assert (decision.rows, decision.past_expiry, decision.passed) == (rows, rows, 0)


def test_a_glob_over_the_gate_files_is_typed_from_the_start(settings: Settings) -> None:
    delta = write_delta(settings.home, [])
    judge(settings, delta)
    with duckdb.connect() as connection:
        schemas = [
            connection.execute(f"describe select * from '{delta.gate_path.parent / name}'").fetchall()
            for name in ("_empty.parquet", delta.gate_path.name)
        ]
    assert schemas[0] == schemas[1]


def test_a_damaged_delta_file_is_not_judged(settings: Settings) -> None:
    delta = write_delta(settings.home, Shop().rows(3))
    content = bytearray(delta.path.read_bytes())
    content[100] ^= 1
    delta.path.write_bytes(content)
    with pytest.raises(LedgerConflict, match=delta.path.name):
        judge(settings, delta)
    delta.path.unlink()
    with pytest.raises(LedgerConflict, match="missing"):
        judge(settings, delta)
    assert not delta.decision_path.exists()
    assert not delta.gate_path.exists()


def test_a_file_that_is_no_parquet_is_named_without_its_content(settings: Settings) -> None:
    delta = write_delta(settings.home, Shop().rows(3))
    delta.path.write_text("jane.roe@example.com")
    with pytest.raises(LedgerConflict, match="cannot be examined") as caught:
        judge(settings, replace(delta, sha256=sha256_of(delta.path)))
    assert "jane" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_sidecar_that_counts_other_rows_is_refused(settings: Settings) -> None:
    delta = write_delta(settings.home, Shop().rows(3))
    with pytest.raises(LedgerConflict, match="has 3 rows"):
        judge(settings, replace(delta, rows=4))


def test_a_decision_about_other_bytes_is_refused(settings: Settings) -> None:
    delta = write_delta(settings.home, [])
    judge(settings, delta)
    with pytest.raises(LedgerConflict, match="another file"):
        decisions.read(replace(delta, sha256="0" * 64))
    delta.gate_path.write_bytes(b"")
    with pytest.raises(LedgerConflict, match="is missing or is not"):
        decisions.read(delta)


@pytest.mark.parametrize(
    "text", ["", "null", "5", '"open"', "[]", '{"decision": "open"}', {"rows": "x"}, {"passed": None}, {"failures": {}}]
)
def test_a_decision_that_is_none_is_refused(settings: Settings, text: str | dict[str, object]) -> None:
    delta = write_delta(settings.home, [])
    judge(settings, delta)
    if isinstance(text, dict):
        text = json.dumps({**json.loads(delta.decision_path.read_text()), **text})
    delta.decision_path.write_text(text)
    with pytest.raises(LedgerConflict, match="cannot be read as the gate's decision"):
        decisions.read(delta)


def without_digest(delta: DeltaFile, **changes: object) -> None:
    """A decision as older versions wrote it."""
    raw = {**json.loads(delta.decision_path.read_text()), **changes}
    delta.decision_path.write_text(json.dumps({name: value for name, value in raw.items() if name != "sha256"}))


def test_a_decision_without_a_digest_is_made_again_unless_the_file_is_enrolled(settings: Settings) -> None:
    delta = write_delta(settings.home, Shop().rows(3))
    made = judge(settings, delta)
    without_digest(delta, suite_version="an older one")
    assert decisions.read(delta) is None
    assert judge(settings, delta) == decisions.read(delta) == made
    without_digest(delta, suite_version="an older one")
    keys = settings.home.published / "delivery" / "keys" / "meta" / "folded-000001.parquet"
    keys.parent.mkdir(parents=True)
    pq.write_table(pa.table({"file_id": [delta.file_id]}), keys)
    assert judge(settings, delta) == replace(made, suite_version="an older one")


def test_a_new_suite_judges_closed_files_again_and_leaves_open_ones(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_rows = Shop().rows(60)
    for row in closed_rows[::2]:
        row.columns["expires_at"] = NOW
    closed = write_delta(settings.home, closed_rows, build_id="20261120T110000000000Z")
    opened = write_delta(settings.home, Shop().rows(3))
    before = [judge(settings, delta) for delta in (closed, opened)]
    was = suite_version(Thresholds())
    monkeypatch.setattr(suites, "SUITE_VERSION", "99")
    after = [judge(settings, delta) for delta in (closed, opened)]
    assert [decision.suite_version for decision in after] == [suite_version(Thresholds()), was] != [was, was]
    assert after[1] == before[1]
    assert decisions.read(closed) == after[0]


def test_two_processes_do_not_judge_one_file_at_once(settings: Settings) -> None:
    delta = write_delta(settings.home, [])
    with locked(delta.path.with_name("gate.lock")), pytest.raises(SourceUnavailable, match="Another process"):
        judge(settings, delta)


def spoiled_with_contact_data() -> list[Row]:
    """Every place where contact data could be, holding some; few enough rows that the file stays open."""
    rows = Shop().rows(90)
    rows[6].user["em"] = "jane.roe@example.com"
    rows[7].user["ph"] = "+447700900123"
    rows[10].user["ln"] = "Roe-Canary"
    rows[11].custom["content_name"] = "12 Canary Street, call 07700 900123"
    rows[12].columns["event_id"] = rows[12].payload["event_id"] = "jane.roe@example.com"
    rows[15].columns["event_id"] = rows[15].payload["event_id"] = "+447700900124"
    rows[16].columns["event_id"] = rows[16].payload["event_id"] = "447700900125"
    rows[17].raw_payload = '{"user_data":{"em":"jane.roe@example.com"'
    rows[20].user["Roe-Canary"] = "jane.roe@example.com"
    rows[21].custom["currency"] = rows[21].columns["currency"] = "Roe-Canary"
    rows[22].payload["event_time"] = "jane.roe@example.com"
    rows[25].columns["event_id"] = rows[25].payload["event_id"] = "Jane Roe-Canary"
    rows[26].columns |= {"event_id": "jane.roe@example.com", "past_expiry": True}
    return rows


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_no_contact_data_leaves_the_delta_file(
    closed: bool, settings: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    rows = spoiled_with_contact_data()
    if closed:
        for row in rows[30:70]:
            row.user["em"] = "jane.roe@example.com"
    delta = write_delta(settings.home, rows)
    decision = judge(settings, delta)
    assert decision.is_open is not closed
    assert decision.quarantined >= 10
    captured = capfd.readouterr()
    said = captured.out + captured.err + caplog.text + decision.explanation() + repr(decision)
    written = {
        path: path.read_bytes() for path in settings.home.root.rglob("*") if path.is_file() and path != delta.path
    }
    with duckdb.connect() as connection:
        gate_file = str(connection.execute("select * from read_parquet(?)", [str(delta.gate_path)]).fetchall())
    assert len(written) > 20
    for canary in CANARIES:
        assert canary not in said
        assert canary not in gate_file
        assert [str(path) for path, content in written.items() if canary.encode() in content] == []


def test_data_docs_are_quiet_small_and_for_their_owner(
    settings: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    first = judge(settings, write_delta(settings.home, Shop().rows(5), build_id="20261120T110000000000Z"))
    second = judge(settings, write_delta(settings.home, Shop().rows(5)))
    page = Path(first.data_docs).read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page.split("<script", 1)[0])
    assert "http" not in policy  # nothing may be fetched from elsewhere, style sheets included
    assert ".ge-section" in page  # and its looks are in it
    assert (
        Path(first.data_docs).name in (settings.home.data_docs / "meta/20261120T110000000000Z/index.html").read_text()
    )
    assert Path(second.data_docs).is_relative_to(settings.home.data_docs / "meta" / "20261120T120000000000Z")
    assert capfd.readouterr() == ("", "")
    assert {record.name for record in caplog.records} <= {"waybill.quality.gate"}
    paths = list(settings.home.root.rglob("*"))
    assert [path for path in paths if path.stat().st_mode & 0o077] == []
    own = [path for path in (settings.home.data_docs / "meta").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in own) < 1_000_000


def test_an_erasure_binds_a_decision_again_but_not_an_edited_one(settings: Settings) -> None:
    delta = write_delta(settings.home, [])
    judge(settings, delta)
    was = json.loads(delta.decision_path.read_text())
    moved = replace(delta, sha256="0" * 64)

    delta.decision_path.write_text(json.dumps(decisions.rebound(was, {**was, "file_sha256": moved.sha256})))
    assert decisions.read(moved) is not None

    edited = {**was, "rows": 7}
    delta.decision_path.write_text(json.dumps(decisions.rebound(edited, {**edited, "file_sha256": moved.sha256})))
    with pytest.raises(LedgerConflict, match="was edited"):
        decisions.read(moved)
