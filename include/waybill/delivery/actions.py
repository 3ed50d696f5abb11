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
from waybill.redaction import Redaction
from waybill.settings import Settings

_LONGEST: Final = 300
_DASH: Final = r"\u2010-\u2015\u2212-"
_NATIONAL_PHONE: Final = re.compile(
    rf"(?<![\dA-Za-z.-])(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .{_DASH}])\d{{3}}[ .{_DASH}]\d{{4}}(?![\dA-Za-z-])"
    rf"|(?<![\dA-Za-z.-])(?:0[1-9]\d{{1,3}}[ /{_DASH}]\d{{6,8}}|0[1-9]\d{{1,3}} \d{{3,4}} \d{{3,5}}"
    rf"|0[1-9](?:[ .]\d\d){{4}})(?![\dA-Za-z-])"
    rf"|(?<![\dA-Za-z.-])00 ?[1-9](?:[ ()./{_DASH}]{{0,3}}\d){{7,14}}(?!\d)"
)
"""What the log filter lets pass, because groups of digits are no news in a log."""


@dataclass(frozen=True)
class Author:
    """Who acts, and why."""

    who: str
    because: str


def author(settings: Settings, because: str, by: str | None) -> Author:
    """Checks a reason and a name before they are kept; the name is the operating system's user where it is None.

    Raises ConfigurationError for what may not be kept, and for an empty name: an account in Airflow need not have one.
    """
    if by is not None and not by.strip():
        raise ConfigurationError(
            "Nobody is named who decides this, and it would stay so for good. Nothing was changed; give a name with "
            "--by, or in Airflow to your account."
        )
    who = _user() if by is None else by
    return Author(who=_clean(settings, "--by", who), because=_clean(settings, "--because", because))


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
    if _NATIONAL_PHONE.search(text) or Redaction(settings.secrets()).mask(text) != text:
        raise ConfigurationError(
            f"{option} holds an e-mail address, a telephone number, a password or an access token, and it would stay "
            "in the ledger for good. Nothing was changed; say it without, for example with the number of a ticket."
        )
    return text
