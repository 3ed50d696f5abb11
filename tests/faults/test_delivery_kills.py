"""Delivery is killed at every boundary that it has, and at random: the next one puts everything right."""

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from chain import Chain
from children import Nursery, nursery
from kills import aftermath, check_golden, copied, counted, eventful, fresh, golden, kills
from oracle import violations
from outbox import events

from waybill.emulator import Emulator
from waybill.emulator.faults import KINDS

RANDOM_KILLS = int(os.environ.get("FAULTS_RANDOM_KILLS", "20"))
FIRST_SEED = int(os.environ.get("FAULTS_FIRST_SEED", "1"))


@pytest.fixture(scope="module")
def children() -> Iterator[Nursery]:
    with nursery() as running:
        yield running


@pytest.fixture
def ready(request: pytest.FixtureRequest, tmp_path: Path, platform: Emulator, children: Nursery) -> Chain:
    home = tmp_path / "ready"
    if request.param == "fresh":
        return fresh(home, platform.base_url)
    return eventful(home, platform, children)


@pytest.mark.parametrize(("ready", "step"), [("fresh", "deliver"), ("eventful", "deliver again")], indirect=["ready"])
def test_a_kill_at_every_boundary_of_delivery(
    ready: Chain,
    step: str,
    tmp_path: Path,
    platform: Emulator,
    children: Nursery,
    update_golden: bool,
    all_boundaries: bool,
) -> None:
    unharmed = copied(ready, tmp_path / "unharmed")
    record = tmp_path / "record.txt"
    assert children.deliver(unharmed, record=record) == 0
    assert violations(unharmed, platform.book) == []
    met = counted(record)
    check_golden(step, set(met), update=update_golden)

    found: dict[object, list[str]] = {}
    tried = kills(met, everything=all_boundaries, known=golden("deliver again") if step == "deliver" else ())
    for number, kill in enumerate(tried):
        platform.reset()
        chain = copied(ready, tmp_path / f"killed{number}")
        code = children.deliver(chain, kill=kill)
        found[kill] = [] if code == -9 else [f"was not killed but ended with {code}"]
        found[kill] += aftermath(chain, platform)
    print(f"{step}: {len(met)} boundaries, {sum(met.values())} crossings, {len(tried)} kills")  # noqa: T201
    assert {kill: texts for kill, texts in found.items() if texts} == {}


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + RANDOM_KILLS))
def test_random_kills(tmp_path: Path, platform: Emulator, platform_time: Any, children: Nursery, seed: int) -> None:
    """A few deliveries one after the other, each killed at a random boundary or after a random while, with faults.

    Between them time passes, for the home and for the platform: some end after the platform's memory of the first.
    """
    dice = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    print(f"seed {seed}: FAULTS_FIRST_SEED={seed} FAULTS_RANDOM_KILLS=1 repeats it")  # noqa: T201
    platform.roll(seed, dict.fromkeys((name for name in KINDS if name not in ("slow", "token_revoked")), 0.01))
    chain = Chain.make(tmp_path / "home", platform.base_url, batch_size=dice.randint(1, 5), threads=dice.randint(1, 4))
    chain.add(events(dice.randint(3, 12), spoilt=[2]))
    for _ in range(dice.randint(1, 3)):
        if dice.random() < 0.5:
            children.deliver(chain, after_seconds=dice.uniform(0.0, 0.5))
        else:
            children.deliver(chain, kill=("*", dice.randint(1, 60), dice.choice(["before", "after"])))
        if dice.random() < 0.5:
            chain.build()
        platform_time.at += timedelta(hours=dice.choice([0, 0, 5, 47]))
        chain.office.set_clock(platform_time.at)
    platform.clear_faults()
    assert aftermath(chain, platform) == []
