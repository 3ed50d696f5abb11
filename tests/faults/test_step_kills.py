"""Extract, build and gate are killed at their boundaries; the chain, run again, brings what an unharmed one brings.

A step is killed several times in a row, each time on what the kill before it left. ``--all-boundaries`` kills at every
boundary, right before and right after. "Again" is a home that went through the chain before, and has new orders.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from children import Kill
from kills import check_golden, counted, golden, kills
from office import DATASET, TOKEN
from outbox import NOW
from shopdesk import STEPS, ShopDesk

from waybill.emulator import Emulator, running

LATER = NOW + timedelta(minutes=30)
SIZE = ("--orders", "60", "--leads", "20", "--seed", "5", "--as-of", NOW.isoformat())
MORE = ("--later", "--orders", "12", "--leads", "5", "--as-of", LATER.isoformat())


@dataclass
class Unharmed:
    """A shop that went through the chain, its home before each step, and the boundaries that were met."""

    platform: Emulator
    desk: ShopDesk
    before: dict[str, ShopDesk]
    met: dict[str, Counter[str]]
    landed: dict[str, object]
    delivered: set[tuple[str, str | None, str]]


def delivered(platform: Emulator) -> set[tuple[str, str | None, str]]:
    return {(event.event_name, event.event_id, event.sha256) for event in platform.book.events()}


def went_through(desk: ShopDesk, platform: Emulator, folder: Path, sample: tuple[str, ...]) -> Unharmed:
    """Makes orders and carries them through the chain, traced."""
    code, said = desk.waybill("sample", *sample)
    assert code == 0, said
    platform.reset()
    before, met = {}, {}
    for step in STEPS:
        before[step] = desk.copy(folder / f"before-{step}")
        record = folder / f"{step}.txt"
        code, said = desk.waybill(step, record=record)
        assert code == 0, said
        met[step] = counted(record)
    assert desk.audited() == ""
    return Unharmed(platform, desk, before, met, dict(desk.landed()), delivered(platform))


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unharmed]:
    folder = tmp_path_factory.mktemp("steps")
    with running(folder / "book.sqlite", {DATASET: TOKEN}, now=lambda: LATER) as platform:
        environment = {
            "WAYBILL_META_DATASET_ID": DATASET,
            "WAYBILL_META_ACCESS_TOKEN": TOKEN,
            "WAYBILL_META_BASE_URL": platform.base_url,
        }
        yield went_through(ShopDesk(folder / "home", environment), platform, folder, SIZE)


@pytest.fixture(scope="module")
def unharmed_again(unharmed: Unharmed, tmp_path_factory: pytest.TempPathFactory) -> Unharmed:
    folder = tmp_path_factory.mktemp("again")
    return went_through(unharmed.desk.copy(folder / "home"), unharmed.platform, folder, MORE)


@pytest.mark.parametrize("step", STEPS[:3])
def test_the_boundaries_are_those_that_are_known(unharmed: Unharmed, step: str, update_golden: bool) -> None:
    check_golden(step, set(unharmed.met[step]), update=update_golden)


@pytest.mark.parametrize("step", STEPS[:3])
def test_and_those_of_a_second_run(unharmed_again: Unharmed, step: str, update_golden: bool) -> None:
    check_golden(f"{step} again", set(unharmed_again.met[step]), update=update_golden)


def finished(desk: ShopDesk, unharmed: Unharmed, step: str) -> list[str]:
    """Runs the chain from a step on, and compares what it brought with what the unharmed one did."""
    for later in STEPS[STEPS.index(step) :]:
        code, said = desk.waybill(later)
        if code != 0:
            return [f"{later} ended with {code}: {said}"]
    found = [desk.audited()]
    found += ["other rows landed"] if desk.landed() != unharmed.landed else []
    found += ["other events were delivered"] if delivered(unharmed.platform) != unharmed.delivered else []
    if step != "deliver" and len(unharmed.platform.book.events()) != len(unharmed.delivered):
        found.append("something was delivered twice")
    return [text for text in found if text]


CHOSEN = {
    "extract": [("fsync landing/shop/clicks", 1, "before"), ("rename", 4, "after")],
    "build": [
        ("duckdb commit", 60, "after"),
        ("rename delta/meta/*.parquet", 1, "after"),
    ],
    "gate": [("rename delta", 1, "before")],
}
"""Half-landed windows; a dbt run in the middle; a delta file without its sidecar; reasons without a decision."""


def chosen(step: str, met: Counter[str]) -> list[Kill]:
    """The boundaries whose names begin so, as kills; an occurrence that there is not becomes the last one."""
    found = []
    for start, number, side in CHOSEN[step]:
        names = [name for name in met if name.startswith(start)]
        assert names, start
        crossings = [(name, place) for name in names for place in range(1, met[name] + 1)]
        name, place = crossings[min(number, len(crossings)) - 1]
        found.append((name, place, side))
    return found


@pytest.mark.parametrize("step", ["extract", pytest.param("build", marks=pytest.mark.all_boundaries), "gate"])
def test_kills_in_a_row(unharmed: Unharmed, tmp_path: Path, step: str, all_boundaries: bool) -> None:
    unharmed.platform.reset()
    desk = unharmed.before[step].copy(tmp_path / "home")
    for kill in chosen(step, unharmed.met[step]):
        code, said = desk.waybill(step, kill=kill)
        assert code == -9, (kill, said)
    if step == "extract" and not all_boundaries:  # the same rows landed, so the same events follow
        assert desk.waybill(step)[0] == 0
        assert desk.landed() == unharmed.landed
    else:
        assert finished(desk, unharmed, step) == []


@pytest.mark.parametrize(
    ("step", "at"), [("build", "build/inputs/unseen_files.parquet"), ("gate", "delta/meta/gate.lock")]
)
def test_a_step_that_is_told_to_stop_ends_soon_with_all_that_it_started(
    unharmed: Unharmed, tmp_path: Path, step: str, at: str
) -> None:
    unharmed.platform.reset()
    desk = unharmed.before[step].copy(tmp_path / "home")
    code, seconds, left = desk.told_to_stop(step, at)
    assert (code, left) == (143, [])
    assert seconds < 10
    assert finished(desk, unharmed, step) == []


@pytest.mark.all_boundaries
def test_what_is_gone_comes_back_as_the_page_of_restoring_says(unharmed_again: Unharmed, tmp_path: Path) -> None:
    """A delta file that was not enrolled yet, its withdrawals, a landing file, the warehouse file."""
    unharmed_again.platform.reset()
    desk = unharmed_again.before["deliver"].copy(tmp_path / "home")
    newest = max(path for path in (desk.home / "delta" / "meta").glob("*.json") if path.name.count(".") == 1)
    for path in (
        newest,
        newest.with_suffix(".parquet"),
        newest.with_suffix(".withdrawals.parquet"),
        *(desk.home / "landing" / "shop" / "orders").glob("beginning__*.parquet"),
        desk.home / "warehouse.duckdb",
    ):
        path.unlink()
    # Versions of rows that the shop has overwritten since do not land again; what is made of the newest is the same.
    assert finished(desk, unharmed_again, "extract") == ["other rows landed"]


IN_A_ROW = 8
"""So many kills hit one home, each on what the one before it left, before the chain is finished and compared."""


@pytest.mark.all_boundaries
@pytest.mark.parametrize("name", [*STEPS, "extract again", "build again"])
def test_a_kill_at_every_boundary(request: pytest.FixtureRequest, tmp_path: Path, name: str) -> None:
    """A second run is killed at those that the first one does not meet; the gate meets the same ones."""
    step, _, again = name.partition(" ")
    unharmed: Unharmed = request.getfixturevalue("unharmed_again" if again else "unharmed")
    waiting = kills(unharmed.met[step], everything=False, known=golden(step) if again else ())
    tried = len(waiting)
    found: dict[tuple[Kill, ...], list[str]] = {}
    while waiting:
        unharmed.platform.reset()
        desk = unharmed.before[step].copy(tmp_path / f"home{len(found)}")
        struck: list[Kill] = []
        while waiting and len(struck) < IN_A_ROW:
            code, said = desk.waybill(step, kill=waiting[0])
            if code == 0 and struck:  # an earlier kill left it nothing to do there: it strikes in a new home
                break
            struck.append(waiting.pop(0))
            assert code == -9, (struck, said)
        found[tuple(struck)] = finished(desk, unharmed, step)
        shutil.rmtree(desk.home)
    print(f"{name}: {len(unharmed.met[step])} boundaries, {tried} kills")  # noqa: T201
    assert {struck: texts for struck, texts in found.items() if texts} == {}
