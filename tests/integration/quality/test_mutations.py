"""Every planted defect is caught by the expectation that is named for it, with the other layers switched off."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / "delivery"), str(HERE.parent / "dbt")]

import mutations  # noqa: E402
import outbox  # noqa: E402
from dbt_home import PROJECT, DbtHome  # noqa: E402
from deltas import NOW, SCHEMA, Row, Shop, write_delta, write_table  # noqa: E402
from mutations import MODELS, ROWS, SCAN, SETS  # noqa: E402
from seasons import Month  # noqa: E402
from test_gate_guards import DEFECTS as GUARD_DEFECTS  # noqa: E402
from test_gate_guards import (  # noqa: E402
    after_refusals,
    before,  # noqa: F401 - a fixture
    with_history_changed,
    with_history_renamed,
)
from test_gate_guards import judged as judged_after_weeks  # noqa: E402
from test_gate_landed import DEFECTS as LANDED_DEFECTS  # noqa: E402
from test_gate_landed import judged as judged_after_landing  # noqa: E402
from test_gate_landed import weeks  # noqa: E402, F401 - a fixture
from test_gate_sets import DEFECTS, TABLES  # noqa: E402

from waybill.delivery import enrolment  # noqa: E402
from waybill.delivery.keys import ensure_keys  # noqa: E402
from waybill.delivery.ledger import Ledger  # noqa: E402
from waybill.delta import DeltaFile  # noqa: E402
from waybill.errors import LedgerConflict  # noqa: E402
from waybill.files import sha256_of  # noqa: E402
from waybill.home import Home  # noqa: E402
from waybill.quality import approvals, validate  # noqa: E402
from waybill.quality.decisions import Decision  # noqa: E402
from waybill.quality.gate import ensure_empty, judge  # noqa: E402
from waybill.quality.suites import LANDED_RULES, ROW_RULES, SET_RULES  # noqa: E402
from waybill.settings import Settings  # noqa: E402
from waybill.thresholds import Thresholds  # noqa: E402
from waybill.warehouse.freeze import freeze  # noqa: E402

pytestmark = pytest.mark.usefixtures("without_pages")

LAYERS = {
    "row rules": {rule.name for rule in ROW_RULES} - set(SCAN),
    "payload scan": set(SCAN),
    "set rules": {rule.name for rule in SET_RULES},
}
LANDED = {rule.name for rule in LANDED_RULES}
Judge = Callable[[list[Row], set[str]], tuple[Decision, dict[int, list[str]]]]


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The expectations that are switched off: whatever they find, their results are successes."""
    off: set[str] = set()
    truly = validate._run

    def run(*arguments: Any) -> Any:
        result = truly(*arguments)
        for each in result.results:
            each.success = each.success or each.expectation_config.kwargs["column"] in off
        return result

    monkeypatch.setattr(validate, "_run", run)
    monkeypatch.setattr(validate.Validation, "page", lambda self: Path("none"))  # no test here reads it
    return off


@pytest.fixture
def judged_without(settings: Settings, off: set[str]) -> Judge:
    """Judges rows while some expectations are switched off."""
    builds = iter(range(1, 99))

    def judged(rows: list[Row], without: set[str]) -> tuple[Decision, dict[int, list[str]]]:
        off.clear()
        off.update(without)
        delta = write_delta(settings.home, rows, build_id=f"20261120T12{next(builds):02d}00000000Z")
        decision = judge(settings, delta)
        with duckdb.connect() as connection:
            found = connection.execute(
                "select row_number, reasons from read_parquet(?) where state = 'quarantined'", [str(delta.gate_path)]
            ).fetchall()
        shutil.rmtree(delta.path.parent)  # files that were closed before must not make this one a lasting closing
        shutil.rmtree(delta.gate_path.parent)
        return decision, dict(found)

    return judged


def test_the_table_is_published_and_long_enough() -> None:
    page = (HERE.parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")
    assert mutations.markdown() in page
    planted = list(mutations.table())
    assert len(planted) >= 90
    assert len({(mutation.layer, mutation.defect) for mutation in planted}) == len(planted)
    assert set(ROWS) == LAYERS["row rules"] | LAYERS["payload scan"]


def spoilt() -> tuple[list[Row], dict[int, str]]:
    """Clean rows, one of which has each defect of a row or a payload."""
    rows = Shop().rows(600)
    places = [n for n, row in enumerate(rows) if n > 5 and row.columns["event_kind"] == "website_purchase"]
    planted = dict(zip(places, ROWS, strict=False))
    assert len(planted) == len(ROWS)
    for place, name in planted.items():
        mutations.spoil_of(name)(rows[place])
    return rows, planted


@pytest.mark.parametrize("layer", LAYERS)
def test_a_spoilt_row_is_caught_by_its_rule_with_another_layer_off_and_by_nothing_with_its_own_off(
    layer: str, judged_without: Judge
) -> None:
    rows, planted = spoilt()
    _, caught = judged_without(rows, LAYERS[layer])
    assert caught == {place: [name] for place, name in planted.items() if name not in LAYERS[layer]}


@pytest.mark.parametrize("name", SETS)
def test_a_spoilt_set_is_caught_by_its_rule_with_the_other_layers_off_and_by_nothing_with_its_own_off(
    name: str, judged_without: Judge
) -> None:
    rows = Shop().rows(150)
    DEFECTS[name](rows)
    needed = LAYERS["row rules"] if name == "quarantined_share" else set()
    others = (LAYERS["row rules"] | LAYERS["payload scan"] | LAYERS["set rules"]) - needed - {name}
    decision, _ = judged_without(rows, others)
    assert decision.failed_sets() == {name}
    decision, _ = judged_without(rows, {name})
    assert decision.is_open


def in_a_copy(before: tuple[Settings, str], settings: Settings) -> tuple[Settings, str]:  # noqa: F811
    """The home of these weeks once more, so that nothing that is judged here is seen by another test."""
    theirs, after = before
    shutil.copytree(theirs.home.root, settings.home.root, dirs_exist_ok=True)
    return theirs.model_copy(update={"home_root": settings.home_root}), after


@pytest.mark.parametrize("name", mutations.GUARDS)
@pytest.mark.parametrize("own", [False, True], ids=["others_off", "own_off"])
def test_a_file_unlike_the_weeks_before_is_caught_by_its_guard_and_by_nothing_with_its_own_off(
    name: str,
    own: bool,
    settings: Settings,
    off: set[str],
    before: tuple[Settings, str],  # noqa: F811
) -> None:
    every = LANDED.union(*LAYERS.values())
    off.update({name} if own else every - {name})
    if name == "enrolled_before_share":
        decision = with_history_renamed(settings, "source keys")
    elif name == "withheld_now_sendable_share":
        decision = judge(settings, after_refusals(settings, "ours:consent_denied"))
    elif name == "changed_history_share":
        decision = with_history_changed(settings)
    else:
        home, after = in_a_copy(before, settings)
        decision = judged_after_weeks(home, GUARD_DEFECTS[name](Shop(9).rows(400)), after)
    assert decision.failed_sets() == (set() if own else {name})


def test_every_rule_about_the_set_has_a_planted_defect() -> None:
    assert set(mutations.GUARDS) | set(SETS) | set(mutations.LANDED) | set(TABLES) == {rule.name for rule in SET_RULES}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("own", [False, True], ids=["others_off", "own_off"])
def test_a_spoilt_file_is_caught_by_its_rule_with_the_other_layers_off_and_by_nothing_with_its_own_off(
    name: str, own: bool, settings: Settings, off: set[str]
) -> None:
    every = LANDED.union(*LAYERS.values())
    off.update({name} if own else every - {name})
    rows = pa.Table.from_pylist([row.finished(n) for n, row in enumerate(Shop().rows(10))], schema=SCHEMA)
    decision = judge(settings, write_table(settings.home, TABLES[name](rows)))
    assert decision.failed_sets() == (set() if own else {name})


@pytest.mark.parametrize("name", mutations.LANDED)
@pytest.mark.parametrize("own", [False, True], ids=["others_off", "own_off"])
def test_a_spoilt_landing_is_caught_by_its_rule_with_the_other_layers_off_and_by_nothing_with_its_own_off(
    name: str,
    own: bool,
    settings: Settings,
    off: set[str],
    weeks: tuple[Month, Path],  # noqa: F811
) -> None:
    every = LANDED.union(*LAYERS.values())
    off.update({name} if own else every - {name})
    decision = judged_after_landing(settings, weeks, *LANDED_DEFECTS[name], rows=5)
    assert decision.failed_sets() == (set() if own else {name})


class Project:
    """A copy of the dbt project, its models built, and a dbt that runs single tests; no gate, freeze or delivery."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "dbt_project"
        shutil.copytree(PROJECT, self.root, ignore=shutil.ignore_patterns("target", "logs"))
        home = DbtHome(folder / "home", project=self.root)
        home.build("--exclude", "tag:delivery", "--exclude-resource-type", "test", "unit_test")
        options = ["--project-dir", str(self.root), "--profiles-dir", str(self.root), "--no-version-check"]
        options += [
            "--target-path",
            str(home.root / "build" / "target"),
            "--log-path",
            str(home.root / "build" / "logs"),
        ]
        self._said = (folder / "dbt.log").open("w")
        self._dbt = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "dbt_tests.py"), *options],
            cwd=self.root,
            env={**os.environ, "WAYBILL_HOME": str(home.root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def tested(self, *names: str) -> dict[str, str]:
        """The status of each of these tests."""
        assert self._dbt.stdin and self._dbt.stdout
        self._dbt.stdin.write(" ".join(names) + "\n")
        self._dbt.stdin.flush()
        answer = self._dbt.stdout.readline()
        assert answer, Path(self._said.name).read_text()[-3000:]
        found: dict[str, str] = json.loads(answer)
        return found

    def close(self) -> None:
        self._dbt.communicate()
        self._said.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project(tmp_path_factory.mktemp("mutated"))
    yield project
    project.close()


def test_the_tests_of_the_models_pass_before_anything_is_spoilt(project: Project) -> None:
    names = [model.test for model in MODELS]
    assert project.tested(*names) == dict.fromkeys(names, "pass")


@pytest.mark.parametrize("model", MODELS, ids=[model.test for model in MODELS])
def test_a_spoilt_model_is_caught_by_its_test(model: mutations.ModelMutation, project: Project) -> None:
    path = project.root / model.file
    text = path.read_text(encoding="utf-8")
    assert model.old in text
    path.write_text(text.replace(model.old, model.new), encoding="utf-8")
    try:
        assert project.tested(model.test) == {model.test: "fail"}
    finally:
        path.write_text(text, encoding="utf-8")


def enrolled(settings: Settings, delta: DeltaFile) -> None:
    """What enrolment would write, whatever was judged."""
    with Ledger(settings.home) as ledger:
        ensure_keys(settings.home, ledger)
        plan = planned(settings, delta, ledger)
        assert isinstance(plan, enrolment.Plan), plan
        with ledger.transaction() as connection:
            assert enrolment.enrol(connection, settings.home, plan, NOW)
        ensure_keys(settings.home, ledger)


def planned(settings: Settings, delta: DeltaFile, ledger: Ledger) -> enrolment.Plan | str:
    return enrolment.plan(settings.home, delta, ledger.enrolled_files("meta"), 1000, 10**6, settings.clock.now())


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema destinations")
        yield connection


def test_what_the_freeze_catches_without_any_gate(settings: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
    first = outbox.hand_over(settings.home, outbox.events(2))
    enrolled(settings, first)
    ensure_empty(settings.home, "meta")
    again = outbox.events(2)[0]
    twins = [outbox.Event(7, event_id="order_null"), outbox.Event(8, event_id="order_null")]
    source = outbox.freeze(settings.home, [again, *twins], build="20261119T120000000000Z")
    warehouse.execute(
        "create table destinations.meta_events as "
        "select * exclude (row_number, frozen_at, event_id_taken, past_expiry), 'sendable' as verdict, "
        "cast([] as varchar[]) as reasons, 1 as build_seq, cast(null as varchar) as consent_limits "
        f"from read_parquet('{source.path}')"
    )
    made = freeze(warehouse, settings.home, "meta", outbox.LATER, 0, NOW, Thresholds()).delta
    frozen = duckdb.sql(f"select source_key, event_id_taken from read_parquet('{made.path}')").fetchall()
    # The sent order is not among them (`enrolled`), and of the twins one is marked (`event_id_taken`).
    assert sorted(frozen) == [("shop/orders/7", False), ("shop/orders/8", True)]


def edited(delta: DeltaFile) -> None:
    found = approvals.closed(Home(delta.path.parents[2]), delta.file_id, [])
    approvals.decide(found, opened=False, who="jane", because="TICKET-7", now=NOW)
    raw = json.loads(delta.approval_path.read_text())
    delta.approval_path.write_text(json.dumps({**raw, "opened": True}))


def rewritten(delta: DeltaFile) -> None:
    """A row loses its payload, and nobody can tell by the digests."""
    table = pq.read_table(delta.path)
    rows = table.to_pylist()
    rows[1]["payload"] = None
    pq.write_table(type(table).from_pylist(rows, schema=table.schema), delta.path)


PLANTED: dict[str, Callable[[Settings], DeltaFile]] = {
    "repeats 1 source keys": lambda s: after_one(s, outbox.Event(1, event_id="another")),
    "1 event ids": lambda s: after_one(s, outbox.Event(9, event_id="purchase_1")),
    "is not the one that was frozen": lambda s: broken(s, lambda delta: delta.path.write_bytes(b"PAR1")),
    "made about another file": lambda s: broken(s, other_decision),
    "is missing or is not": lambda s: broken(s, lambda delta: delta.gate_path.write_bytes(b"PAR1")),
    "the gate closed": lambda s: broken(s, lambda delta: None, closed=True),
    "was edited after the gate wrote it": lambda s: broken(s, made_open, closed=True),
    "was changed after it was written": lambda s: broken(s, edited, closed=True),
    "which the ledger does not hold": lambda s: outbox.hand_over(s.home, outbox.events(2), after="meta/20261119Z"),
    "is out of place or has no payload": lambda s: with_a_row_lost(s),
}


def after_one(settings: Settings, event: outbox.Event) -> DeltaFile:
    first = outbox.hand_over(settings.home, outbox.events(1))
    enrolled(settings, first)
    return outbox.hand_over(settings.home, [event], build=outbox.LATER, after=first.file_id)


def broken(settings: Settings, breaks: Callable[[DeltaFile], object], *, closed: bool = False) -> DeltaFile:
    delta = outbox.freeze(settings.home, outbox.events(3))
    outbox.judge(delta, quarantined=[0], closed=closed)
    breaks(delta)
    return delta


def other_decision(delta: DeltaFile) -> None:
    raw = json.loads(delta.decision_path.read_text())
    delta.decision_path.write_text(json.dumps({**raw, "file_id": "meta/another"}))


def made_open(delta: DeltaFile) -> None:
    delta.decision_path.write_text(delta.decision_path.read_text().replace('"closed"', '"open"'))


def with_a_row_lost(settings: Settings) -> DeltaFile:
    delta = outbox.freeze(settings.home, outbox.events(3))
    rewritten(delta)
    whole = replace(delta, sha256=sha256_of(delta.path))
    whole.write_sidecar()
    outbox.judge(whole)
    return whole


@pytest.mark.parametrize("says", mutations.ENROLMENT)
def test_what_enrolment_catches_when_the_gate_lets_everything_through(says: str, settings: Settings) -> None:
    delta = PLANTED[says](settings)
    with Ledger(settings.home) as ledger:
        before = ledger.enrolled_files("meta")
        ensure_keys(settings.home, ledger)
        if says == "the gate closed":
            assert says in str(planned(settings, delta, ledger))
        else:
            with pytest.raises(LedgerConflict, match=says):
                planned(settings, delta, ledger)
        assert ledger.enrolled_files("meta") == before
