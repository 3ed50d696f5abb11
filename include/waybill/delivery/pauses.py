"""Pausing a destination: what it is sent waits in the queue until a person resumes it.

A pause is an action like every other: the newest ``pause`` or ``resume`` of a destination says whether it is paused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from waybill.delivery import actions, rests, schema
from waybill.delivery.actions import Author
from waybill.delivery.ledger import Ledger
from waybill.delivery.queries import BatchRow
from waybill.errors import ConfigurationError
from waybill.settings import Settings

_FEWEST: Final = 20
"""Fewer events than this say nothing about the rest."""

ITSELF: Final = "waybill"
"""Who pauses when delivery does it itself."""


@dataclass(frozen=True)
class Pause:
    """Since when a destination is paused, by whom, and why."""

    destination: str
    at: datetime
    who: str
    because: str

    def sentence(self) -> str:
        return (
            f"{self.destination} is paused since {self.at:%Y-%m-%d %H:%M} UTC by {self.who}: {self.because}. "
            f"Nothing is sent until `waybill resume {self.destination}`"
        )


def paused(connection: Connection, destination: str) -> Pause | None:
    """The pause that holds a destination, or None."""
    table = schema.actions
    query = (
        select(table.c.verb, table.c.at, table.c.who, table.c.because)
        .where(table.c.destination == destination, table.c.verb.in_(("pause", "resume")))
        .order_by(table.c.action_id.desc())
        .limit(1)
    )
    newest = connection.execute(query).first()
    if newest is None or newest.verb == "resume":
        return None
    return Pause(destination, newest.at, newest.who, newest.because)


def all_paused(settings: Settings) -> dict[str, Pause]:
    """Every paused destination of the settings."""
    with Ledger.open_readonly(settings.home) as ledger, ledger.transaction() as connection:
        found = {name: paused(connection, name) for name in settings.destinations}
    return {name: pause for name, pause in found.items() if pause is not None}


def pause(settings: Settings, destination: str, author: Author) -> Pause:
    """Pauses a destination, also under a delivery that runs: it claims nothing more."""
    settings.destination(destination)
    now = settings.clock.now()
    settings.home.create()
    with Ledger(settings.home) as ledger, ledger.transaction() as connection:
        if (held := paused(connection, destination)) is not None:
            raise ConfigurationError(f"Nothing was changed. {held.sentence()}.")
        actions.note(connection, author, "pause", destination, 0, now)
    return Pause(destination, now, author.who, author.because)


@dataclass(frozen=True)
class Resumed:
    """What a person has ended: a pause, and the rests of these datasets (until when they would have lasted)."""

    destination: str
    pause: Pause | None
    rests: Mapping[str, datetime]

    def sentence(self) -> str:
        parts = []
        if self.pause is not None:
            parts.append(
                f"was paused since {self.pause.at:%Y-%m-%d %H:%M} UTC by {self.pause.who}: {self.pause.because}"
            )
        parts += [f"left dataset {name!r} alone until {end:%Y-%m-%d %H:%M} UTC" for name, end in self.rests.items()]
        return f"{self.destination} {'; it '.join(parts)}. The next delivery sends what waits"


def resume(settings: Settings, destination: str, author: Author, *, now: bool = False) -> Resumed:
    """Ends a pause; the next delivery sends what has waited.

    ``now`` also ends the rests that the platform asked for and those after failures, for an answer that asked for
    nonsense or a platform that is known to be well again. ConfigurationError where there is nothing to end.
    """
    settings.destination(destination)
    with Ledger(settings.home) as ledger, ledger.transaction() as connection:
        held = paused(connection, destination)
        resting = rests.all_of(connection, destination, settings.clock)
        if held is None and not (now and resting):
            more = f" It rests; `waybill resume {destination} --now` ends that." if resting else ""
            raise ConfigurationError(f"{destination} is not paused; nothing was changed.{more}")
        if now:
            rests.end(connection, destination)
        actions.note(connection, author, "resume", destination, 0, settings.clock.now())
    return Resumed(destination, held, resting if now else {})


def pause_itself(connection: Connection, destination: str, hopeless: str, reason: str, now: datetime) -> str:
    """Pauses a destination for what ``Watch`` has seen of a batch; returns the sentence for a person."""
    because = f"{hopeless} ({reason})"
    if paused(connection, destination) is None:
        actions.note(connection, Author(ITSELF, because), "pause", destination, 0, now)
    return because


@dataclass
class _Seen:
    """What is known in this run of a batch as it was before it was split."""

    events: int
    good: int = 0
    bad: int = 0


class Watch:
    """Follows how many events of each batch, as it was before it was split, turned out good and bad in this run.

    Bad events may lie side by side, so that few of them say little where they were found one after the other: as long
    as nothing of the batch was taken, they are looked for in other parts of it, too (``looks_elsewhere``).
    """

    def __init__(self) -> None:
        self._of: dict[int, _Seen] = {}  # every batch → what is known of the one that it was cut from

    def answered(self, batch: BatchRow, events: int, good: int, bad: int) -> str:
        """Counts an answer; says so when more than half of a batch is bad, or twenty of several parts and none good."""
        seen = self._of.setdefault(batch.batch_id, self._seen(batch) or _Seen(events))
        seen.good += good
        seen.bad += bad
        if not bad or seen.events < _FEWEST:
            return ""
        if seen.bad * 2 > seen.events:
            return f"{seen.bad} of the {seen.events} events of a batch were refused"
        if seen.bad >= _FEWEST and not seen.good:
            return f"all {seen.bad} events that were tried one by one in a batch of {seen.events} were refused"
        return ""

    def looks_elsewhere(self, batch: BatchRow) -> bool:
        """Whether another part of its whole is to be tried before the neighbours of this bad event."""
        seen = self._of[batch.batch_id]
        return not seen.good and seen.bad % (_FEWEST // 4) == 0

    def is_of_one_whole(self, batch: BatchRow, other: BatchRow) -> bool:
        """Whether both were cut from the same batch."""
        return self._seen(batch) is self._seen(other)

    def _seen(self, batch: BatchRow) -> _Seen | None:
        return self._of.get(batch.batch_id) or self._of.get(batch.parent_batch_id or 0)


def advice(destination: str) -> str:
    """What a person does about a pause of delivery's own."""
    return (
        f"Waybill has paused {destination} and keeps the queue: look at one of them with `waybill explain` (`waybill "
        f"ledger show` names them), mend their cause, then `waybill resume {destination}`"
    )
