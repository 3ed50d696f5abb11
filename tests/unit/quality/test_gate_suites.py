"""The suite and its description agree, and reading it costs nothing."""

import re
import subprocess
import sys
from pathlib import Path

from waybill.quality.decisions import Decision, Failure
from waybill.quality.suites import ROW_RULES, SET_RULES, SUITE_VERSION, suite_version
from waybill.thresholds import Thresholds

PAGE = Path(__file__).parents[3] / "docs" / "gate.md"


def test_names_are_unique_and_fit_for_a_column() -> None:
    names = [rule.name for rule in (*ROW_RULES, *SET_RULES)]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]+", name)] == []


def test_the_page_describes_every_rule_and_no_other() -> None:
    described = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert described == {rule.name: rule.expects for rule in (*ROW_RULES, *SET_RULES)}


def test_a_rule_waits_for_its_sample() -> None:
    rules = {rule.name: rule for rule in SET_RULES}
    thresholds = Thresholds()
    few, enough = (
        {"judged": 200.0, "orders": 49.0, "purchases": 0.0},
        {"judged": 200.0, "orders": 50.0, "purchases": 0.0},
    )
    assert not rules["one_em_share"].applies(few, thresholds)
    assert rules["one_em_share"].applies(enough, thresholds)
    assert rules["columns_not_as_contracted"].applies({"judged": 1.0}, thresholds)


def test_every_threshold_is_part_of_the_version() -> None:
    default = Thresholds()
    changed = [default.model_copy(update={name: 77}) for name in Thresholds.model_fields]
    assert len({suite_version(one) for one in [default, *changed]}) == len(changed) + 1


def test_the_suite_is_importable_without_great_expectations() -> None:
    script = (
        "import sys, waybill.quality.gate, waybill.quality.suites;"
        "assert not {'great_expectations', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_closed_file_explains_itself() -> None:
    failure = Failure("one_em_share", "largest share: at most 0.2", "0.34", ("purchase_1", "purchase_2"), "set")
    decision = Decision(
        file_id="meta/b", file_sha256="0" * 64, decision="closed", suite_version=SUITE_VERSION, judged_at="", rows=90,
        passed=90, quarantined=0, past_expiry=0, failures=(failure,), data_docs="/home/page.html", gate_file_sha256="",
    )  # fmt: skip
    lines = decision.explanation().splitlines()
    assert "meta/b" in lines[0]
    assert re.split(r"\s{2,}", lines[1]) == ["expectation", "expected", "observed", "examples"]
    assert re.split(r"\s{2,}", lines[2]) == [
        "one_em_share", "largest share: at most 0.2", "0.34", "purchase_1, purchase_2",
    ]  # fmt: skip
    assert lines[3] == "Data Docs: /home/page.html"
    assert "waybill build" in lines[4]
