"""Erasure: ``waybill ledger forget PERSON``.

The tombstones come first, so that extraction does not bring the person back; then the journal, and with it every other
step refuses to work here; then the stores, one after the other; the journal goes last. Each part can be done twice, so
whoever is killed is continued by the next call. What was sent stays counted, under names that lead to nobody.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from waybill import tombstones
from waybill.clock import to_text
from waybill.delivery.actions import Author
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.delivery.publish import publish
from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.files import locked
from waybill.retention import forget_files, forget_stores
from waybill.retention.forget_find import Found, Person, Sent, find
from waybill.retention.forget_journal import Journal
from waybill.settings import Settings

_NO_KEY: Final = re.compile(r".*@.*|\+[\d ()/.-]{7,}")


@dataclass(frozen=True)
class Erasure:
    """What was erased (or, in a rehearsal, would be): the person's events, and how many rows each store had."""

    person: Person
    events: list[Sent]
    rows: dict[str, int]
    is_done: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "person": vars(self.person),
            "events": [vars(event) for event in self.events],
            "rows": self.rows,
            "erased": self.is_done,
        }


Tell = Callable[[Erasure], None]
"""Shows an erasure to who asked for it; called before the last file that names its events goes."""


def rehearse(settings: Settings, wanted: str, table: str | None) -> Erasure:
    """Lists what ``forget`` would erase, and changes nothing. Raises what ``forget`` raises."""
    tombstones.refuse_unfinished(settings.home)
    _refuse_silent_tables(settings)
    with Ledger.open_readonly(settings.home) as ledger:
        ensure_keys(settings.home, ledger)
    person, found = _found(settings, wanted, table)
    return Erasure(person, found.events, dict(found.rows), is_done=False)


def forget(settings: Settings, wanted: str, table: str | None, author: Author, tell: Tell) -> None:
    """Erases a person by their key; first finishes an erasure that was interrupted.

    ``table`` says which table of people the key is of, where several have it. Raises ConfigurationError when nobody is
    found or a table does not say whose its rows are, SourceUnavailable while another step works here or an
    event of the person is being sent, LedgerConflict when a store is damaged.
    """
    _refuse_silent_tables(settings)
    with _alone(settings):
        unfinished = Journal.read(settings.home)
        if unfinished is not None:
            _carry_out(settings, unfinished, tell)
            if unfinished.person.is_meant(wanted, table):
                return
        with Ledger(settings.home) as ledger:
            files = len(ledger.enrolled_files())
            ensure_keys(settings.home, ledger)
            person, found = _found(settings, wanted, table)
            forget_stores.refuse_while_sent(ledger, settings, found.entries)
        known = tombstones.read(settings.home)
        tombstones.save(settings.home, found.tombstones.with_more(known.digests))  # a first one brings its salt
        if not found.entities:
            tell(Erasure(person, [], {}, is_done=True))
            return
        journal = Journal.begin(person, author, to_text(settings.clock.now()), found, files)
        journal.save(settings.home)
        _carry_out(settings, journal, tell)


def resume(settings: Settings, tell: Tell) -> None:
    """Finishes an erasure that was interrupted; ConfigurationError when there is none."""
    with _alone(settings):
        unfinished = Journal.read(settings.home)
        if unfinished is None:
            raise ConfigurationError(f"No erasure is unfinished in {settings.home_root}; there is nothing to resume.")
        _carry_out(settings, unfinished, tell)


def _carry_out(settings: Settings, journal: Journal, tell: Tell) -> None:
    home = settings.home
    with Ledger(home) as ledger:
        journal = _up_to_date(settings, ledger, journal)
        forget_stores.erase_from_ledger(settings, ledger, journal)
        forget_stores.bind(ledger, forget_files.erase_delta_files(settings, ledger, journal))
    forget_files.erase_published(home, journal)
    publish(settings)
    known = forget_files.erase_landing(settings, tombstones.read(home))
    forget_stores.erase_from_warehouse(settings, journal, known)
    forget_files.erase_data_docs(home, journal)
    forget_stores.clear_leftovers(home)
    tell(Erasure(journal.person, journal.events, journal.rows, is_done=True))
    tombstones.journal_path(home).unlink()


def _up_to_date(settings: Settings, ledger: Ledger, journal: Journal) -> Journal:
    """The journal, or a new one where another machine has enrolled a file since; with a journal there nobody does."""
    files, home = len(ledger.enrolled_files()), settings.home
    with ledger.transaction() as connection:
        is_begun = forget_stores.is_begun(connection, journal)
    if is_begun or files == journal.files:
        return journal
    ensure_keys(home, ledger)
    known = tombstones.read(home)
    found = find(settings, journal.person, known)
    tombstones.save(home, found.tombstones.with_more(known.digests))
    journal = Journal.begin(journal.person, journal.author, journal.at, found, files)
    journal.save(home)
    return journal


def _found(settings: Settings, wanted: str, table: str | None) -> tuple[Person, Found]:
    """The one person that a key is of, and all that is theirs; ConfigurationError when it is nobody's, or two's."""
    if not wanted.strip() or _NO_KEY.fullmatch(wanted):
        raise ConfigurationError(
            "Name the person by their key in a table of people (a customer_id, a lead_id), never by contact data: it "
            "would stay in this shell's history."
        )
    people = [
        Person(source, name, wanted)
        for source, declared in settings.sources.items()
        for name, one in declared.tables.items()
        if one.person == "self" and table in (None, name, f"{source}.{name}")
    ]
    if not people:
        raise ConfigurationError(f'{table or "No table"} is no table whose rows are people (person = "self").')
    known = tombstones.read(settings.home)
    found = [(person, find(settings, person, known)) for person in people]
    met = [one for one in found if (one[0].source, one[0].table, one[0].key) in one[1].entities]
    if not met:  # their own row has not landed, or has been purged
        met = [one for one in found if one[1].entities]
    if not met:  # erased before, and nothing of them came since
        met = [one for one in found if one[1].tombstones.digests <= known.digests]
    if not met:
        named = ", ".join(f"{person.source}.{person.table}" for person in people)
        raise ConfigurationError(
            f"Nothing that landed in {settings.home_root} belongs to {wanted!r} ({named}); nothing was changed. Check "
            "the key in the warehouse."
        )
    if len(met) > 1:
        named = " and ".join(f"{person.source}.{person.table}" for person, _ in met)
        raise ConfigurationError(
            f"{wanted!r} is a key of {named}, who may be different people. Say which with --table; nothing was changed."
        )
    return met[0]


def _refuse_silent_tables(settings: Settings) -> None:
    silent = [f"{name}.{table}" for name, source in settings.sources.items() for table in tombstones.undeclared(source)]
    if silent:
        raise ConfigurationError(
            f"waybill.toml does not say whose the rows of {', '.join(silent)} are, so nobody could be erased there. "
            'Set `person` for each: "self", links to other tables, or "none" (docs/forget.md).'
        )


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keeps every other step of this home away; SourceUnavailable, which says whom to wait for, while one works."""
    home = settings.home
    home.create()
    locks: list[tuple[str, Path]] = [
        ("An extraction", home.landing / ".lock"),
        ("A build", home.build / "build.lock"),
        ("A folding", home.root / "ledger.keys.lock"),
        *((f"A delivery to {name}", home.delivery_lock(name)) for name in settings.destinations),
        *((f"The gate of {name}", home.delta / name / "gate.lock") for name in settings.destinations),
    ]
    with ExitStack() as held:
        for who, path in locks:
            if not held.enter_context(locked(path)):
                raise SourceUnavailable(f"{who} is working on {home.root}. Wait for it, then run this again.")
        yield
