"""What people do to the ledger: who, when, why, and to how many events. Only ever appended to.

Neither the reason nor the name may hold contact data or a secret: both stay in the ledger for good and are published.
"""

import os
import pwd
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert

from waybill import tombstones
from waybill.delivery import schema
from waybill.delivery.ledger import Ledger
from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.files import locked
from waybill.settings import Settings

_LONGEST: Final = 300
_CONTACT: Final = re.compile(r"\S+@\S+\.\S+|\+\d[\d ()/.-]{6,}\d")


@dataclass(frozen=True)
class Author:
    """Who acts, and why."""

    who: str
    because: str


def author(settings: Settings, because: str, by: str | None) -> Author:
    """Checks a reason and a name before they are kept; the name is the operating system's user where none is given."""
    return Author(who=_clean(settings, "--by", by or _user()), because=_clean(settings, "--because", because))


def note(connection: Connection, author: Author, verb: str, destination: str, events: int, now: datetime) -> None:
    """Appends an action."""
    connection.execute(
        insert(schema.actions).values(
            at=now, who=author.who, verb=verb, destination=destination, because=author.because, events=events
        )
    )


@contextmanager
def alone(settings: Settings, destination: str) -> Iterator[Ledger]:
    """The ledger, while no delivery to this destination runs; SourceUnavailable while one does.

    A delivery remembers what it has read of the ledger, so nobody may move an event under its hands.
    """
    with locked(settings.home.delivery_lock(destination)) as is_alone:
        if not is_alone:
            raise SourceUnavailable(
                f"A delivery to {destination} is running on {settings.home.root}, so no event of it can be changed "
                "now. Run this again when it has ended."
            )
        tombstones.refuse_unfinished(settings.home)
        with Ledger(settings.home) as ledger:
            yield ledger


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user need not have a name
        return f"uid {os.getuid()}"


def _clean(settings: Settings, option: str, text: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise ConfigurationError(
            f"{option} must be 1 to {_LONGEST} printable characters: a sentence for the next person."
        )
    tokens = [
        dataset.access_token.get_secret_value()
        for destination in settings.destinations.values()
        for dataset in destination.datasets.values()
    ]
    if _CONTACT.search(text) or any(token in text for token in tokens):
        raise ConfigurationError(
            f"{option} holds an e-mail address, a telephone number or an access token, and it would stay in the ledger "
            "for good. Nothing was changed; say it without, for example with the number of a ticket."
        )
    return text
