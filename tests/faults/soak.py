"""The soak: minutes of seeded faults, kills and full disks under load on this machine, and the oracle's verdict.

``make soak MINUTES=30``. Each round is a home of its own with a seed of its own: builds, deliveries (often two at once)
that are killed at random, an emulator whose dice spoil answers, then peace, one more delivery and the oracle. A line a
minute; exit 1 and the seeds on a violation. ``--first-seed N --rounds 1`` repeats a round.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chain import Chain
from children import Nursery, nursery
from office import DATASET, TOKEN
from oracle import violations
from outbox import NOW, events

from waybill.emulator import Emulator, running
from waybill.emulator.counting import SERVER_DUPLICATES
from waybill.emulator.faults import KINDS
from waybill.errors import ConfigurationError, DestinationUnavailable

STEPS = 6
"""Builds per round, each followed by deliveries."""


@dataclass
class Soak:
    """What has happened so far."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: dict[int, list[str]] = field(default_factory=dict)

    def line(self) -> str:
        names = ("rounds", "deliveries", "killed", "full_disks", "requests", "faults", "accepted", "twice", "unknown")
        names += ("counted_if_merged", "counted_if_both_kept")
        told = ", ".join(f"{self.counts[name]} {name.replace('_', ' ')}" for name in names)
        return f"{told}, {len(self.violations)} rounds with violations"


def disturbed(dice: random.Random, child: Nursery, chain: Chain, soak: Soak) -> None:
    """One delivery in a process of its own, which may be killed or may run out of room."""
    fate = dice.random()
    if fate < 0.35:
        code = child.deliver(chain, kill=("*", dice.randint(1, 80), dice.choice(["before", "after"])))
    elif fate < 0.6:
        code = child.deliver(chain, after_seconds=dice.uniform(0.0, 0.6))
    elif fate < 0.7:
        code = child.deliver(chain, full=("*", dice.randint(1, 60)))
        soak.counts["full_disks"] += 1
    else:
        code = child.deliver(chain)
    soak.counts["deliveries"] += 1
    soak.counts["killed"] += code == -9


def one_round(seed: int, home: Path, platform: Emulator, children: list[Nursery], soak: Soak) -> None:
    """A home's life: disturbances, then peace, then the oracle."""
    dice = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    platform.reset()
    chain = Chain.make(home, platform.base_url, batch_size=dice.randint(2, 40), threads=dice.randint(1, 4))
    chain.office.change(timeout_seconds=1.0)
    for step in range(STEPS):
        calm = dice.random() < 0.2
        kinds = [name for name in KINDS if name != "slow"]
        platform.clear_faults()
        platform.roll(dice.randrange(10**9), {} if calm else dict.fromkeys(kinds, dice.uniform(0.0, 0.04)))
        first = 1 + step * 1000
        count = dice.randint(1, 120)
        chain.add(events(count, first=first, spoilt=dice.sample(range(first, first + count), min(count, 2))))
        several = children if dice.random() < 0.4 else children[:1]
        with ThreadPoolExecutor(len(several)) as pool:
            seeds = [dice.randrange(10**9) for _ in several]
            jobs = [
                pool.submit(disturbed, random.Random(one), child, chain, soak)  # noqa: S311
                for one, child in zip(seeds, several, strict=True)
            ]
        for job in jobs:
            job.result()
    judge(seed, chain, platform, soak)


def judge(seed: int, chain: Chain, platform: Emulator, soak: Soak) -> None:
    """Peace, a fresh event, and what the oracle says."""
    platform.clear_faults()
    found: list[str] = []
    chain.add(events(1, first=900_001))
    for _ in range(2):
        with suppress(ConfigurationError, DestinationUnavailable):
            chain.office.deliver()
        chain.build()
    found += violations(chain, platform.book)
    requests = platform.book.requests()
    copies = Counter(event.event_id for event in platform.book.events())
    ((unknown,),) = chain.office.rows("select count(*) from attempts where outcome = 'unknown'")
    counted = {mode: len(platform.book.counted(mode)) for mode in SERVER_DUPLICATES}
    found += [] if counted["merged"] == len(copies) else ["a platform that merges repeats would count other events"]
    faults = Counter(request.fault for request in requests if request.fault)
    soak.faults.update(faults)
    soak.counts.update(
        rounds=1,
        requests=len(requests),
        accepted=len(copies),
        twice=sum(times > 1 for times in copies.values()),
        unknown=unknown,
        faults=sum(faults.values()),
        counted_if_merged=counted["merged"],
        counted_if_both_kept=counted["both-kept"],
    )
    if found:
        soak.violations[seed] = found
    else:
        shutil.rmtree(chain.office.home.root)


def run(seconds: float, first_seed: int, rounds: int | None) -> int:
    """Soaks for so long, or for so many rounds; prints a line a minute and the verdict, returns the exit code."""
    soak, started, told = Soak(), time.monotonic(), 0
    folder = Path(tempfile.mkdtemp(prefix="waybill-soak-"))
    with (
        running(folder / "book.sqlite", {DATASET: TOKEN}, now=lambda: NOW) as platform,
        nursery() as one,
        nursery() as another,
    ):
        seed = first_seed
        while time.monotonic() - started < seconds if rounds is None else seed - first_seed < rounds:
            one_round(seed, folder / f"round-{seed}", platform, [one, another], soak)
            seed += 1
            minutes = int((time.monotonic() - started) // 60)
            if minutes > told:
                told = minutes
                say(f"minute {minutes}: {soak.line()}")
    say(f"{time.monotonic() - started:.0f} seconds, seeds {first_seed} to {seed - 1}: {soak.line()}")
    say("faults met: " + ", ".join(f"{name} {count}" for name, count in sorted(soak.faults.items())))
    for number, texts in soak.violations.items():
        say(f"VIOLATION, seed {number} (its home is {folder / f'round-{number}'}):", *texts[:20])
    say("the oracle found violations" if soak.violations else "the oracle found nothing: the promise held")
    if not soak.violations:
        shutil.rmtree(folder)
    return 1 if soak.violations else 0


def say(*lines: str) -> None:
    sys.stdout.write("\n  ".join(lines) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=None)
    wanted = parser.parse_args()
    sys.exit(run(wanted.minutes * 60, wanted.first_seed, wanted.rounds))


if __name__ == "__main__":
    main()
