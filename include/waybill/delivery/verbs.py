"""What a person may do to enrolled events: say what became of them, send them again, or take them back.

Each verb decides event by event, writes in one transaction with the action that says who and why, and publishes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from waybill.delivery import actions, entries, payloads, queries, recut
from waybill.delivery.actions import Author
from waybill.delivery.entries import Entry, Standing
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.delivery.publish import publish
from waybill.delivery.queries import HELD
from waybill.delivery.recut import Change
from waybill.errors import ConfigurationError
from waybill.home import Home
from waybill.settings import Settings

_MACHINE: tuple[str, ...] = (f"{HELD}dedup_window", f"{HELD}window")
"""Held because of the time alone, and not because it must not be sent."""


@dataclass(frozen=True)
class Done:
    """What a verb did in one destination: how many events have which state now, and what it left alone and why."""

    destination: str
    states: Mapping[str, int]
    left: tuple[str, ...] = ()

    def counts(self) -> dict[str, int | float]:
        return dict(self.states)


Decide = Callable[[Standing], tuple[str, str] | str]
"""What becomes of an event: its new state and the reason, or a sentence why it is left alone."""


def resolve(
    settings: Settings, wanted: str | None, destination: str | None, author: Author, *, was_sent: bool
) -> list[Done]:
    """Ends the doubt about unknown events that are held for a person: one order's, or all of a destination.

    Sent: they are accepted, because a person says so. Not sent: they wait again, unless they have expired or are no
    longer to be sent. Raises ConfigurationError when nothing of it is held.
    """
    now = settings.clock.now()

    def decide_for(found: Sequence[Standing]) -> Decide:
        gone = {} if was_sent else entries.taken_back(settings.home, [one.entry for one in found])

        def decide(one: Standing) -> tuple[str, str] | str:
            if one.state != "unknown":
                return f"is {one.state}; only what is unknown needs a person's word"
            if not _is_held(settings, one):
                return "is unknown, and the next `waybill deliver` repeats it; only what is held needs a person's word"
            if was_sent:
                return "accepted", f"resolved as sent by {author.who}: {author.because}"
            state = _not_sent(one, gone, now)
            return state, f"resolved as not sent by {author.who}: {author.because}"

        return decide

    verb = "resolve as sent" if was_sent else "resolve as not sent"
    return _act(settings, wanted, destination, author, verb, decide_for)


def requeue(settings: Settings, wanted: str | None, destination: str | None, author: Author) -> list[Done]:
    """Lets rejected events be sent again with the same payload and event_id, and such as were called expired by a clock
    that was wrong; refused for everything else.

    One of which an earlier answer was lost is unknown again, because a copy may have arrived (``recut.apply``).
    """
    now = settings.clock.now()

    def decide_for(found: Sequence[Standing]) -> Decide:
        gone = entries.taken_back(settings.home, [one.entry for one in found], as_frozen=True)

        def decide(one: Standing) -> tuple[str, str] | str:
            by_a_wrong_clock = one.state == "expired" and one.entry.expires_at > now
            if one.state != "rejected" and not by_a_wrong_clock:
                return f"is {one.state}; {_WHY_NOT_REQUEUED.get(one.state, 'it waits to be sent already')}"
            if one.entry.expires_at <= now:
                return f"has expired at {one.entry.expires_at:%Y-%m-%d %H:%M} UTC; the platform would not take it"
            if one.entry in gone:
                return f"is not to be sent any more, says the newest build: {gone[one.entry]}"
            return "pending", f"requeued by {author.who}: {author.because}"

        return decide

    return _act(settings, wanted, destination, author, recut.REQUEUE, decide_for, every=entries.rejected)


def withdraw(
    settings: Settings, wanted: str | None, destination: str | None, author: Author, dataset: str | None = None
) -> list[Done]:
    """Takes events back that wait to be sent: one order's, or all of a destination or of one of its datasets.

    What may have arrived already is held and never sent again.
    """

    def decide(one: Standing) -> tuple[str, str] | str:
        because = f"withdrawn by {author.who}: {author.because}"
        if one.state == "pending":
            return "withdrawn", because
        if one.state == "unknown" and one.reason.startswith(f"{HELD}withdrawn by"):
            return "is held already, and is never sent again"
        if one.state == "unknown":
            return "unknown", f"{HELD}{because}"
        return f"is {one.state}; {_WHY_NOT_WITHDRAWN.get(one.state, 'it is not sent again')}"

    every = partial(entries.waiting, dataset=dataset)
    return _act(settings, wanted, destination, author, "withdraw", lambda found: decide, every=every)


_SENDING = (
    "is in a batch that is being sent, or whose delivery was interrupted; run `waybill deliver` first, which finds out"
)

_WHY_NOT_REQUEUED = {
    "accepted": "the platform has it, and a second time would count twice",
    "expired": "the platform would not take it any more",
    "withdrawn": "it is not to be sent",
    "unknown": "it may have arrived; look at `waybill ledger resolve`",
}

_WHY_NOT_WITHDRAWN = {
    "accepted": "the platform has it and has no way to give it back",
}


def _act(
    settings: Settings,
    wanted: str | None,
    destination: str | None,
    author: Author,
    verb: str,
    decide_for: Callable[[Sequence[Standing]], Decide],
    every: Callable[[Home, Connection, str], list[Standing]] = entries.unknown,
) -> list[Done]:
    """Finds, decides and writes; nothing is written where no event may be changed."""
    if destination is not None:
        settings.destination(destination)
    with Ledger.open_readonly(settings.home) as ledger:
        ensure_keys(settings.home, ledger)
    found = [] if wanted is None else entries.find(settings.home, wanted, destination)
    if wanted is not None and not found:
        raise ConfigurationError(
            f"{wanted!r} is no order, lead, source key or event_id of an enrolled event in {settings.home_root}. "
            "`waybill explain` tells how far it has come; what is not enrolled is taken back in the warehouse."
        )
    names = [destination or ""] if wanted is None else list(dict.fromkeys(entry.destination for entry in found))
    done: list[Done] = []
    for name in names:
        own = None if wanted is None else [entry for entry in found if entry.destination == name]
        done.append(_act_on(settings, name, own, author, verb, decide_for, every))
    if not any(one.states for one in done):
        left = "; ".join(text for one in done for text in one.left)
        raise ConfigurationError(f"Nothing was changed. {left or f'There is no such event of {destination}'}.")
    publish(settings)
    return done


def _act_on(
    settings: Settings,
    destination: str,
    found: Sequence[Entry] | None,
    author: Author,
    verb: str,
    decide_for: Callable[[Sequence[Standing]], Decide],
    every: Callable[[Home, Connection, str], list[Standing]],
) -> Done:
    now = settings.clock.now()
    with actions.alone(settings, destination) as ledger, ledger.transaction() as connection:
        home = settings.home
        places = every(home, connection, destination) if found is None else entries.standing(connection, found)
        decide, changes, left = decide_for(places), [], []
        for one in places:
            decided = _SENDING if one.batch.state == "sending" else decide(one)
            if isinstance(decided, str):
                left.append(f"{one.entry.source_key} as {one.entry.event_name} for {destination} {decided}")
            else:
                changes.append(Change(one, *decided))
        _verify(settings, connection, changes)
        states = recut.apply(connection, changes, verb, now)
        if changes:
            actions.note(connection, author, verb, destination, len(changes), now)
    return Done(destination, states, tuple(left))


def _verify(settings: Settings, connection: Connection, changes: Sequence[Change]) -> None:
    """What shall be sent again must still be there, byte for byte; LedgerConflict when it is not."""
    wanted = {change.standing.entry.file_id for change in changes if change.state == "pending"}
    if wanted:
        for file in queries.files(connection):
            if file.file_id in wanted:
                payloads.verify(settings.home.root / file.path, file.sha256)


def _is_held(settings: Settings, one: Standing) -> bool:
    return one.reason.startswith(HELD) or settings.destination(one.entry.destination).on_unknown == "hold"


def _not_sent(one: Standing, gone: Mapping[Entry, str], now: datetime) -> str:
    """The state of an event that never arrived: what was held because it is not to be sent stays unsent."""
    if one.entry in gone or (one.reason.startswith(HELD) and one.reason not in _MACHINE):
        return "withdrawn" if one.entry.expires_at > now else "expired"
    return "expired" if one.entry.expires_at <= now else "pending"
