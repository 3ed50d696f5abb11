"""Pausing a destination: what it is sent waits in the queue until a person resumes it.

A pause is an action like every other: the newest ``pause`` or ``resume`` of a destination says whether it is paused.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from waybill.delivery import actions, schema
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


def resume(settings: Settings, destination: str, author: Author) -> Pause:
    """Ends a pause, and says which one it was; the next delivery sends what has waited."""
    settings.destination(destination)
    with Ledger(settings.home) as ledger, ledger.transaction() as connection:
        held = paused(connection, destination)
        if held is None:
            raise ConfigurationError(f"{destination} is not paused; nothing was changed.")
        actions.note(connection, author, "resume", destination, 0, settings.clock.now())
    return held


def pause_itself(connection: Connection, destination: str, bad: int, events: int, reason: str, now: datetime) -> str:
    """Pauses a destination because most of a batch was refused; returns the sentence for a person."""
    because = f"{bad} of the {events} events of a batch were refused ({reason})"
    if paused(connection, destination) is None:
        actions.note(connection, Author(ITSELF, because), "pause", destination, 0, now)
    return because


class Watch:
    """Follows how many events of each batch, as it was before it was split, turned out bad in this run."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[int, int]] = {}  # batch → the batch it was cut from, and how many events that sent
        self._bad: dict[int, int] = {}

    def answered(self, batch: BatchRow, events: int, bad: int) -> tuple[int, int] | None:
        """Counts an answer; how many of how many are bad when that is more than half of at least twenty."""
        whole, size = self._of.setdefault(
            batch.batch_id, self._of.get(batch.parent_batch_id or 0, (batch.batch_id, events))
        )
        self._bad[whole] = self._bad.get(whole, 0) + bad
        if bad and size >= _FEWEST and self._bad[whole] * 2 > size:
            return self._bad[whole], size
        return None


def advice(destination: str) -> str:
    """What a person does about a pause of delivery's own."""
    return (
        f"Waybill has paused {destination} and keeps the queue: look at one of them with `waybill explain` (`waybill "
        f"ledger show` names them), mend their cause, then `waybill resume {destination}`"
    )
