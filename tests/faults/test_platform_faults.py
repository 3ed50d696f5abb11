"""Each kind of fault of the platform, early, late and often: the book, the ledger and the candidates agree."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from chain import Chain
from oracle import violations
from outbox import events

from waybill.emulator import Emulator
from waybill.emulator.faults import KINDS, THROTTLES
from waybill.errors import ConfigurationError, DestinationUnavailable

BATCH = 4
"""Fourteen events in batches of four: three whole ones and a half one."""

LOSES = [name for name, kind in KINDS.items() if kind.accepts and name != "slow"]


def delivered(chain: Chain) -> None:
    """A delivery that may end with any error that keeps the queue."""
    with suppress(ConfigurationError, DestinationUnavailable):
        chain.office.deliver()


def mended(chain: Chain, platform: Emulator) -> None:
    """The fault is over: the next delivery, and a fresh event after it, must go through."""
    assert violations(chain, platform.book, at_rest=False) == []
    platform.clear_faults()
    chain.office.deliver()
    chain.add(events(1, first=9001))
    assert chain.office.deliver().accepted == 1
    assert violations(chain, platform.book) == []


@pytest.mark.parametrize("times", [1, None])
@pytest.mark.parametrize("name", KINDS)
def test_a_fault_loses_nothing_and_hides_no_duplicate(
    make_chain: Callable[..., Chain], platform: Emulator, name: str, times: int | None
) -> None:
    chain = make_chain(batch_size=BATCH, **({"timeout_seconds": 0.15} if name == "slow" else {}))
    chain.add(events(14, spoilt=[6]))
    platform.plan(name, times=times, **({"seconds": 0.4} if name == "slow" else {}))

    delivered(chain)

    chain.office.change(timeout_seconds=30)  # the platform is well again, and a busy machine answers when it can
    mended(chain, platform)
    accepted = {event.event_id for event in platform.book.events()}
    assert accepted == {f"purchase_{n}" for n in (*range(1, 15), 9001) if n != 6}


@pytest.mark.parametrize("name", LOSES)
def test_a_lost_answer_is_an_unknown_attempt(make_chain: Callable[..., Chain], platform: Emulator, name: str) -> None:
    chain = make_chain(batch_size=BATCH)
    chain.add(events(3))
    platform.plan(name)

    chain.office.deliver()

    outcomes = chain.office.rows("select outcome from attempts order by attempt_id")
    assert outcomes == [("unknown",), ("accepted",)]
    assert len(platform.book.events()) == 6


@pytest.mark.parametrize("name", ["throttled", "server_error", "drop", "token_revoked", "not_ready"])
def test_what_was_not_accepted_is_in_the_book_once(
    make_chain: Callable[..., Chain], platform: Emulator, name: str
) -> None:
    chain = make_chain(batch_size=BATCH)
    chain.add(events(8))
    platform.plan(name, times=2)

    delivered(chain)
    mended(chain, platform)

    assert len(platform.book.events()) == 9


@pytest.mark.parametrize("code", sorted(THROTTLES))
def test_a_throttled_run_leaves_the_dataset_alone(
    make_chain: Callable[..., Chain], platform: Emulator, code: int
) -> None:
    chain = make_chain(batch_size=2, threads=1)
    chain.add(events(8))
    platform.plan("throttled", from_request=2, minutes=5, code=code)

    with pytest.raises(DestinationUnavailable, match=f"code {code}"):
        chain.office.deliver()

    assert len(platform.book.requests()) == 2
    assert chain.office.states() == {"accepted": 2, "pending": 6}
    ((asked,),) = chain.office.rows("select distinct not_before from batches where attempts = 1 and state = 'pending'")
    assert asked == "2026-11-20T12:05:00.000000Z"
    mended(chain, platform)


@pytest.mark.parametrize("seed", range(12))
def test_seeded_faults(make_chain: Callable[..., Chain], platform: Emulator, seed: int) -> None:
    chain = make_chain(batch_size=3, timeout_seconds=2.0)
    platform.roll(seed, dict.fromkeys((name for name in KINDS if name != "slow"), 0.04))
    for step in range(3):
        chain.add(events(15, first=1 + step * 100, spoilt=[3 + step * 100]))
        delivered(chain)
        assert violations(chain, platform.book, at_rest=False) == []
    mended(chain, platform)
