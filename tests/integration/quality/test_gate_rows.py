"""Row rules: every planted defect is quarantined by the one rule that names it, and clean rows pass."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from defects import ONE_EACH, limited, planted
from deltas import NOW, Row, Shop, write_delta

from waybill.quality import validate
from waybill.quality.decisions import Decision
from waybill.quality.gate import judge
from waybill.quality.suites import ROW_RULES
from waybill.settings import Settings

Judged = Callable[[list[Row]], Decision]


def published(settings: Settings) -> dict[int, tuple[str, list[str]]]:
    files = str(settings.home.published / "gate" / "meta" / "*.parquet")
    with duckdb.connect() as connection:
        found = connection.execute("select row_number, state, reasons from read_parquet(?)", [files]).fetchall()
    return {row: (state, reasons) for row, state, reasons in found}


def test_realistic_rows_pass(judged: Judged, settings: Settings) -> None:
    decision = judged(Shop().rows(600))
    assert (decision.decision, decision.failures) == ("open", ())
    assert (decision.rows, decision.passed, decision.quarantined) == (600, 600, 0)
    assert published(settings) == {}


def test_what_people_limited_passes(judged: Judged, settings: Settings) -> None:
    rows = Shop().rows(600)
    for position, state in enumerate(range(1000, 1014), start=6):
        limited("LDU", 1, state)(rows[position])
    web = next(row for row in rows[100:] if "client_ip_address" in row.user)
    limited("LDU", 0, 0)(web)
    rows[201].payload["data_processing_options"] = []
    rows[202].payload["opt_out"] = True
    assert judged(rows).quarantined == 0
    assert published(settings) == {}


def test_every_row_rule_has_a_planted_defect() -> None:
    assert {name for name, _ in ONE_EACH} == {rule.name for rule in ROW_RULES}


def test_each_defect_is_caught_by_its_rule_alone(judged: Judged, settings: Settings) -> None:
    rows = Shop().rows(600)
    expected = planted(rows)
    decision = judged(rows)
    assert {row: reasons for row, (_, reasons) in published(settings).items()} == {
        row: [name] for row, name in expected.items()
    }
    assert {state for state, _ in published(settings).values()} == {"quarantined"}
    assert (decision.decision, decision.quarantined, decision.passed) == ("open", len(expected), 600 - len(expected))
    assert {failure.expectation for failure in decision.failures} == set(expected.values())
    page = Path(decision.data_docs).read_text(encoding="utf-8")
    for position, name in list(expected.items())[-10:]:
        assert name in page
        assert rows[position].columns["event_id"] in page


def test_a_row_keeps_all_its_reasons(judged: Judged, settings: Settings) -> None:
    rows = Shop().rows(60)
    rows[6].user["em"] = "jane.roe@example.com"
    rows[6].columns["expires_at"] = NOW
    judged(rows)
    assert published(settings) == {6: ("quarantined", ["expired", "em_not_sha256", "email_in_payload"])}


def test_the_decision_is_great_expectations_own(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its results turned into successes, nothing is quarantined: no other code decides."""
    run = validate._run

    def deaf(*arguments: object) -> object:
        result = run(*arguments)  # type: ignore[arg-type]
        for each in result.results:
            each.success = True
        return result

    monkeypatch.setattr(validate, "_run", deaf)
    rows = Shop().rows(60)
    rows[6].user["em"] = "A" * 64
    decision = judged(rows)
    assert (decision.decision, decision.quarantined, decision.failures) == ("open", 0, ())


@pytest.mark.parametrize(("suite", "rule"), [("rows", "em_not_sha256"), ("set", "rows_not_at_their_position")])
def test_a_rule_that_cannot_be_evaluated_closes_the_file(
    suite: str, rule: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = validate._run

    def blind(context: object, run_: object, name: str, frame: object, *rest: object) -> object:
        seen = frame.drop(columns=rule) if name == suite else frame  # type: ignore[attr-defined]
        return run(context, run_, name, seen, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(validate, "_run", blind)
    decision = judge(settings, write_delta(settings.home, Shop().rows(10)))
    assert decision.decision == "closed"
    assert [(f.expectation, f.observed) for f in decision.failures] == [(rule, "not evaluated")]
