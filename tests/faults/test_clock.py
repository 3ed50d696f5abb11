"""The edges of time: what expires does so to the microsecond, nothing is sent late, clocks that jump lose nothing."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from chain import Chain
from office import DATASET, TOKEN
from oracle import violations
from outbox import NOW, Event, events, hand_over

from waybill import builds
from waybill.emulator import Emulator, running
from waybill.errors import DestinationUnavailable

INSTANT = timedelta(microseconds=1)
EXPIRY = timedelta(days=7) - timedelta(hours=2)
REPEAT = timedelta(hours=48) - timedelta(hours=2)
REPEAT_IN_STORES = timedelta(days=7) - timedelta(hours=2)


class Clock:
    """A platform's clock that a test moves."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Clock]]:
    clock = Clock()
    with running(tmp_path_factory.mktemp("clock") / "book.sqlite", {DATASET: TOKEN}, now=clock.now) as platform:
        yield platform, clock


@pytest.fixture
def at(clocked: tuple[Emulator, Clock], tmp_path: Path) -> Callable[[Chain, datetime], None]:
    """Sets the clock of a home and of the platform."""
    clocked[0].reset()

    def set_clock(chain: Chain, moment: datetime) -> None:
        clocked[1].at = moment
        chain.office.set_clock(moment)

    return set_clock


@pytest.fixture
def chain(clocked: tuple[Emulator, Clock], tmp_path: Path) -> Chain:
    return Chain.make(tmp_path / "home", clocked[0].base_url, batch_size=3)


Setter = Callable[[Chain, datetime], None]


@pytest.mark.parametrize(("past", "state"), [(-INSTANT, "accepted"), (0 * INSTANT, "expired"), (INSTANT, "expired")])
@pytest.mark.parametrize("kind", ["website_purchase", "store_purchase"])
def test_an_event_expires_exactly_when_it_should(
    chain: Chain, at: Setter, clocked: tuple[Emulator, Clock], past: timedelta, state: str, kind: str
) -> None:
    window = EXPIRY if kind == "website_purchase" else timedelta(days=62) - timedelta(hours=2)
    edge = Event(1, kind=kind, window=window)
    chain.add([edge, Event(2, kind=kind, window=window + timedelta(hours=1))])
    at(chain, edge.occurred_at + window + past)

    chain.office.deliver()

    assert chain.office.states() == ({"accepted": 2} if state == "accepted" else {"accepted": 1, "expired": 1})
    assert violations(chain, clocked[0].book) == []


@pytest.mark.parametrize(("past", "repeated"), [(-INSTANT, True), (0 * INSTANT, False), (INSTANT, False)])
@pytest.mark.parametrize(("kind", "window"), [("website_purchase", REPEAT), ("store_purchase", REPEAT_IN_STORES)])
def test_an_unknown_is_repeated_until_the_platform_may_have_forgotten_it(
    chain: Chain,
    at: Setter,
    clocked: tuple[Emulator, Clock],
    past: timedelta,
    repeated: bool,
    kind: str,
    window: timedelta,
) -> None:
    platform = clocked[0]
    at(chain, NOW)
    chain.add([Event(number, kind=kind, window=timedelta(days=30), minutes_ago=0) for number in range(3)])
    platform.plan("accept_then_drop", times=None)
    with pytest.raises(DestinationUnavailable):
        chain.office.deliver()
    platform.clear_faults()
    sent = len(platform.book.requests())
    at(chain, NOW + window + past)
    # The platform refuses website events that are older than seven days; these are not.
    chain.office.deliver()

    assert (len(platform.book.requests()) == sent + 1) is repeated
    assert chain.office.states() == ({"accepted": 3} if repeated else {"unknown": 3})
    assert violations(chain, platform.book) == []
    chain.office.deliver()
    assert len(platform.book.requests()) == sent + (1 if repeated else 0)


@pytest.mark.parametrize("seed", range(6))
def test_a_clock_that_jumps_between_runs(chain: Chain, at: Setter, clocked: tuple[Emulator, Clock], seed: int) -> None:
    """Back a day, on a week, back a year, for build and delivery: what is sent had not expired by the platform's clock,
    no repeat is counted twice, and nothing is lost.

    What the home's clock called expired while it was ahead, as the platform's was, stays expired: an end, and no loss.
    What was frozen ahead and not enrolled is frozen again by a later build.
    """
    dice = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    platform = clocked[0]
    chain.follows_clock = True
    hours = [0, *(dice.choice([-24 * 365, -24, -1, 0, 1, 47, 49, 24 * 8]) for _ in range(4))]
    platform.roll(seed, {"accept_then_drop": 0.15, "drop": 0.15, "not_ready": 0.1})
    for step, jump in enumerate(hours):
        # The platform keeps the true time: an event of its future is refused there, whatever this machine believes.
        chain.office.set_clock(NOW + timedelta(hours=jump))
        clocked[1].at = max(NOW, NOW + timedelta(hours=jump))
        chain.add(events(4, first=1 + 10 * step))
        with suppress(DestinationUnavailable):
            chain.office.deliver()
        assert violations(chain, platform.book, at_rest=False) == []
    platform.clear_faults()
    at(chain, NOW + timedelta(hours=1))
    chain.office.deliver()
    chain.build()
    chain.office.deliver()
    assert violations(chain, platform.book) == []


def test_a_build_whose_clock_ran_ahead_does_not_stand_before_the_next(chain: Chain, at: Setter) -> None:
    """By the moments in their names nothing new, and no withdrawal, would count for three days."""
    at(chain, NOW)
    chain.office.change(daily_cap=1)
    home = chain.office.home
    ahead = hand_over(home, events(3), build=builds.name(NOW + timedelta(days=3), 1))
    chain.office.deliver()
    gone = [(ahead.file_id, row, "consent") for row in range(3)]
    build = builds.name(NOW + timedelta(hours=1), 2)
    hand_over(home, events(5, first=10), build=build, after=ahead.file_id, withdrawals=gone)
    chain.office.change(daily_cap=None)

    chain.office.deliver()

    assert chain.office.states() == {"accepted": 1 + 5, "withdrawn": 2}


def test_what_has_expired_only_by_a_clock_that_ran_ahead_is_not_kept_as_expired(chain: Chain, at: Setter) -> None:
    chain.add([Event(1, minutes_ago=60, window=timedelta(minutes=30)), Event(2)])
    at(chain, NOW - timedelta(minutes=30) - INSTANT)
    (note,) = chain.office.deliver().notes
    assert "frozen by a clock that ran ahead (2026-11-20T12:00:00.000000Z): it takes 1 events for expired" in note
    assert chain.office.states() == {}

    at(chain, NOW)
    chain.office.deliver()

    assert chain.office.states() == {"accepted": 1, "expired": 1}


ZONES = ["America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "UTC"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "change", ["2027-03-14T07:00:00+00:00", "2027-11-07T06:00:00+00:00", "2027-04-03T15:00:00+00:00"]
)
def test_a_change_of_daylight_saving_moves_no_expiry(
    chain: Chain, at: Setter, clocked: tuple[Emulator, Clock], zone: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's zone changes its offset between the conversion and its expiry: hours are hours all the same."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        moment = datetime.fromisoformat(change)
        happened = moment - timedelta(hours=3)
        rows = [Event(1, minutes_ago=int((NOW - happened).total_seconds() // 60), window=timedelta(hours=6))]
        rows.append(Event(2, minutes_ago=rows[0].minutes_ago, window=timedelta(hours=7)))
        at(chain, moment)
        # They happen before the change of the offset; sent is at the very expiry of the first one, after it.
        chain.add(rows)
        at(chain, happened + timedelta(hours=6))
        chain.office.deliver()
        assert chain.office.states() == {"expired": 1, "accepted": 1}
        assert violations(chain, clocked[0].book) == []
    finally:
        monkeypatch.undo()
        time.tzset()
