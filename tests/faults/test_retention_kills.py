"""Forgetting a person, and purging with the folding in it, are killed at their boundaries; the next call ends them.

CI kills each again and again in one home, a little further on each time; ``--all-boundaries`` right before and right
after each boundary, and after random whiles.
"""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from children import Kill, Nursery, nursery
from kills import check_golden, counted, kills
from lifetimes import (
    FORGET,
    LONG_AFTER,
    PURGE,
    Life,
    after_forgetting,
    after_purging,
    forgettable,
    outdated,
    refused_while_unfinished,
    seen_by_readers,
)
from office import DATASET, TOKEN, Watch

from ledgers import LedgerServer
from waybill.emulator import Emulator, running

FOLD_ROWS = 2
"""So many keys fill a folded file, so that a purge writes more than one."""


@dataclass
class Step:
    """A step that is killed: a home before it, what was met when nobody killed it, and the oracle."""

    arguments: tuple[str, ...]
    before: Life
    met: Counter[str]
    look: Callable[[Life], list[str]]
    """What is wrong right after a kill."""
    check: Callable[[Life], None]
    """Fails when something is wrong after the step was run again."""


@pytest.fixture(scope="module")
def children() -> Iterator[Nursery]:
    with nursery() as running_nursery:
        yield running_nursery


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Watch]]:
    """A platform and its clock."""
    watch = Watch()
    book = tmp_path_factory.mktemp("retention") / "book.sqlite"
    with running(book, {DATASET: TOKEN}, now=lambda: watch.at) as platform:
        yield platform, watch


def forgetting(folder: Path, platform: Emulator, watch: Watch, children: Nursery) -> Step:
    before = forgettable(folder / "home", platform)

    def look(life: Life) -> list[str]:
        return refused_while_unfinished(life, children)

    def check(life: Life) -> None:
        watch.at = Watch.at
        after_forgetting(life, platform)

    return _traced(Step(FORGET, before, Counter(), look, check), folder, children)


def purging(folder: Path, platform: Emulator, watch: Watch, children: Nursery) -> Step:
    before = outdated(folder / "home", platform)
    readers = before.what_readers_see()
    left: list[str] = []

    def look(life: Life) -> list[str]:
        return seen_by_readers(life, readers)

    def check(life: Life) -> None:
        assert look(life) == []
        left[:] = left or life.files()
        watch.at = LONG_AFTER
        after_purging(life, left, platform)

    return _traced(Step(PURGE, before, Counter(), look, check), folder, children)


def _traced(step: Step, folder: Path, children: Nursery) -> Step:
    unharmed, record = step.before.copy(folder / "unharmed"), folder / "record.txt"
    code, said = children.waybill(unharmed.chain, *step.arguments, record=record, fold_rows=FOLD_ROWS)
    assert code == 0, said
    step.check(unharmed)
    step.met = counted(record)
    return step


STEPS: dict[str, Callable[[Path, Emulator, Watch, Nursery], Step]] = {"forget": forgetting, "purge": purging}


@pytest.fixture(scope="module", params=STEPS)
def step(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    watched: tuple[Emulator, Watch],
    children: Nursery,
) -> tuple[str, Step]:
    name: str = request.param
    platform, watch = watched
    watch.at = Watch.at  # after a purge it is eighty days later
    return name, STEPS[name](tmp_path_factory.mktemp(name), platform, watch, children)


def test_the_boundaries_are_those_that_are_known(step: tuple[str, Step], update_golden: bool) -> None:
    name, traced = step
    check_golden(name, set(traced.met), update=update_golden)


def test_killed_again_and_again_it_is_finished(step: tuple[str, Step], children: Nursery) -> None:
    """Each call is killed a little further on, on what the kill before it left."""
    _, traced = step
    life = traced.before.copy(traced.before.office.home.root.parent / "again")
    assert _killed_until_it_ends(traced, life, children) > 4
    traced.check(life)


def _killed_until_it_ends(step: Step, life: Life, children: Nursery) -> int:
    place, further = (6.0, 1.2) if step.arguments == PURGE else (3.0, 1.5)  # an erasure begins anew, and ends only so
    kills, code = 0, -9
    while code == -9:
        side = "after" if kills % 2 else "before"
        code, said = children.waybill(life.chain, *step.arguments, kill=("*", int(place), side), fold_rows=FOLD_ROWS)
        assert code in (-9, 0), said
        assert step.look(life) == [] if code == -9 else True
        kills, place = kills + (code == -9), place * further
    return kills


@pytest.mark.parametrize("step", ["forget"], indirect=True)
def test_nothing_is_left_of_a_warehouse_file_that_was_being_written(step: tuple[str, Step], children: Nursery) -> None:
    """DuckDB keeps a log beside the new file, with everybody's rows in it."""
    _, traced = step
    life = traced.before.copy(traced.before.office.home.root.parent / "warehouse")
    copied = ("duckdb copy by retention.forget_stores.erase_from_warehouse", 1, "after")
    assert children.waybill(life.chain, *FORGET, kill=copied)[0] == -9
    assert [path.name[-8:] for path in life.office.home.root.glob("*.tmp.wal")] == [".tmp.wal"]
    assert children.waybill(life.chain, *FORGET)[0] == 0
    assert list(life.office.home.root.glob("*.tmp*")) == []


def test_forgetting_is_finished_with_a_ledger_on_a_server(
    tmp_path: Path, watched: tuple[Emulator, Watch], children: Nursery, ledger_postgresql: LedgerServer
) -> None:
    platform, watch = watched
    watch.at = Watch.at
    life = forgettable(tmp_path / "home", platform, ledger_postgresql.schema())
    step = Step(FORGET, life, Counter(), lambda life: refused_while_unfinished(life, children), lambda life: None)
    assert _killed_until_it_ends(step, life, children) > 4
    after_forgetting(life, platform)


IN_A_ROW = 8
"""So many kills hit one home, each on what the one before it left, before the step is finished and checked."""


@pytest.mark.all_boundaries
def test_a_kill_at_every_boundary(step: tuple[str, Step], children: Nursery) -> None:
    name, traced = step
    waiting = kills(traced.met, everything=False)
    tried, found = len(waiting), dict[tuple[Kill, ...], str]()
    while waiting:
        life = traced.before.copy(traced.before.office.home.root.parent / f"killed{len(found)}")
        struck: list[Kill] = []
        while waiting and len(struck) < IN_A_ROW:
            code, said = children.waybill(life.chain, *traced.arguments, kill=waiting[0], fold_rows=FOLD_ROWS)
            if code == 0 and struck:  # an earlier kill left it nothing to do there: it strikes in a new home
                break
            struck.append(waiting.pop(0))
            assert code == -9, (struck, said)
            assert traced.look(life) == [], struck
        found[tuple(struck)] = _finished(traced, life, children)
    print(f"{name}: {len(traced.met)} boundaries, {tried} kills, {len(found)} homes")  # noqa: T201
    assert {struck: text for struck, text in found.items() if text} == {}


@pytest.mark.all_boundaries
@pytest.mark.parametrize("seed", range(1, 6))
def test_kills_at_random_moments(step: tuple[str, Step], children: Nursery, seed: int) -> None:
    _, traced = step
    dice = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    life = traced.before.copy(traced.before.office.home.root.parent / f"random{seed}")
    for _ in range(6):
        code, said = children.waybill(
            life.chain, *traced.arguments, after_seconds=dice.uniform(0.1, 2), fold_rows=FOLD_ROWS
        )
        assert code in (-9, 0), said
        assert traced.look(life) == []
    assert _finished(traced, life, children) == ""


def _finished(step: Step, life: Life, children: Nursery) -> str:
    """What is wrong after one more call; '' for nothing."""
    code, said = children.waybill(life.chain, *step.arguments, fold_rows=FOLD_ROWS)
    if code != 0:
        return f"the next call ended with {code}: {said}"
    try:
        step.check(life)
    except AssertionError as error:
        return str(error) or "see the assertions"
    shutil.rmtree(life.office.home.root)
    return ""
