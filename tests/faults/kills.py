"""What the tests of kills share: homes that are ready to be delivered from, the list of boundaries, the aftermath."""

import json
import shutil
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from chain import Chain
from children import Kill, Nursery
from office import Office
from oracle import violations
from outbox import NOW, Event, events

from waybill.emulator import Emulator

GOLDEN = Path(__file__).parent / "boundaries.json"


def fresh(home: Path, url: str) -> Chain:
    """A home that never delivered: seven events of which the platform refuses one."""
    chain = Chain.make(home, url, batch_size=3, threads=1)
    chain.add(events(7, spoilt=[2]))
    return chain


def eventful(home: Path, platform: Emulator, nursery: Nursery) -> Chain:
    """A home after a killed delivery: unknown, sending and pending events, of which some expire now, one is withdrawn,
    one more is refused, and a second file waits. Nothing of it was accepted, so the book may be emptied."""
    chain = Chain.make(home, platform.base_url, batch_size=2, threads=1)
    soon = timedelta(minutes=40)  # ten minutes from now
    chain.add([*events(6, spoilt=[4]), Event(7, window=soon), Event(8, window=timedelta(minutes=20))])
    platform.plan("drop", times=None)
    request = "request by destinations.meta.client.MetaClient._post"
    assert nursery.deliver(chain, kill=(request, 3, "before"), changes={"threads": 2}) == -9
    ((file_id,),) = chain.office.rows("select file_id from files")
    assert set(chain.office.states()) >= {"sending", "pending", "expired"}
    chain.add(events(3, first=11), withdrawals=[(file_id, 5, "consent")])
    chain.office.set_clock(NOW + timedelta(minutes=20))
    platform.reset()
    return chain


def copied(chain: Chain, home: Path) -> Chain:
    """The same home elsewhere."""
    shutil.copytree(chain.office.home.root, home)
    settings = chain.office.settings.model_copy(update={"home_root": home})
    return Chain(Office(settings), list(chain.events), chain.builds)


def golden(step: str) -> list[str]:
    """The boundaries that a step is known to have."""
    return list(json.loads(GOLDEN.read_text(encoding="utf-8"))[step]) if GOLDEN.exists() else []


def check_golden(step: str, met: set[str], *, update: bool) -> None:
    """A boundary that nobody has thought about must not appear, and none must vanish, without a look at it."""
    if update:
        known = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
        text = json.dumps({**known, step: sorted(met)}, indent=2, sort_keys=True)
        GOLDEN.write_text(text + "\n", encoding="utf-8")
    assert sorted(met) == golden(step), "look at it, then run pytest with --update-golden"


def counted(record: Path) -> Counter[str]:
    """How often each boundary was met in a traced run."""
    return Counter(record.read_text(encoding="utf-8").splitlines())


def kills(met: Counter[str], *, everything: bool, known: Collection[str] = ()) -> list[Kill]:
    """Right before and right after each boundary: at every occurrence, or at the first one, and not at those that are
    ``known`` from another step."""
    found: list[Kill] = []
    for name, times in met.items():
        numbers = range(1, times + 1) if everything else [1]
        if name in known and not everything:
            continue
        found += [(name, number, side) for number in numbers for side in ("before", "after")]
    return found


def aftermath(chain: Chain, platform: Emulator) -> list[str]:
    """What a kill left, after the next build and delivery and a fresh event: violations, or nothing."""
    found = violations(chain, platform.book, at_rest=False)
    chain.add(events(1, first=9001))
    chain.office.deliver()
    if not any(event.event_id == "purchase_9001" for event in platform.book.events()):
        chain.build()  # the file was frozen behind one that this delivery enrolled, or before another one
        chain.office.deliver()
    return found + violations(chain, platform.book)
