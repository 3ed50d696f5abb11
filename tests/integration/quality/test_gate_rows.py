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


def test_what_the_platform_documents_passes(judged: Judged, settings: Settings) -> None:
    rows = Shop().rows(60)
    rows[5].user.update({"lead_id": 123456789012345, "subscription_id": "sub/ä-10042", "anon_id": "XZ0B1C2D"})
    uuid = "01234567-89AB-cdef-0123-456789abcdef"
    rows[6].user.update({"madid": uuid, "fb_login_id": 10158000000, "page_id": "104000001"})
    rows[7].custom.update(
        {
            "store_data": {"store_page_id": 1, "brand_page_id": 2, "store_code": "M-04"},
            "customer_segmentation": "new_customer_to_business",
            "delivery_category": "home_delivery",
            "content_ids": ["12 road bikes", "98765"],
        }
    )
    rows[8].payload.update(
        {
            "original_event_data": {"event_name": "Lead", "event_time": 1, "order_id": "o-1", "event_id": "lead_1"},
            "app_data": {"extinfo": ["a2", "", "", "", "16"], "vendor_id": "x"},
            "attribution_data": {"ad_id": "1", "attribution_share": 0.5},
        }
    )
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
    first = {name: position for position, name in reversed(expected.items())}
    for name, position in list(first.items())[:10]:
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
