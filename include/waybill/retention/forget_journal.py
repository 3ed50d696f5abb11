"""The journal of an erasure: what it has to do, kept until it is done, so that one that is killed can go on.

It is the one file that still names what is erased, and the last one to go.
"""

import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from waybill.clock import from_text, to_text
from waybill.delivery.actions import Author
from waybill.delivery.entries import Entry
from waybill.errors import LedgerConflict
from waybill.events import ERASED
from waybill.files import write_json
from waybill.home import Home
from waybill.retention.forget_find import Found, Person, Sent
from waybill.tombstones import journal_path


@dataclass
class Journal:
    """One erasure. ``tokens`` says what takes the place of each source key; ``delta`` which digest of each delta file.

    ``files`` is how many delta files were enrolled when it was made. A token is random, so that
    nothing leads from it to the event.
    """

    person: Person
    author: Author
    at: str
    rows: dict[str, int]
    entities: list[tuple[str, str, str]]
    tokens: dict[str, str]
    event_ids: dict[str, str]
    entries: list[Entry]
    events: list[Sent]
    files: int = 0
    delta: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def begin(cls, person: Person, author: Author, at: str, found: Found, files: int) -> "Journal":
        tokens = {key: secrets.token_hex(12) for key in sorted(found.event_ids)}
        return cls(
            person=person,
            author=author,
            at=at,
            rows=dict(found.rows),
            entities=sorted(found.entities),
            tokens=tokens,
            event_ids={one: f"{ERASED}_{tokens[key]}" for key, ids in found.event_ids.items() for one in ids},
            entries=[_renamed(entry, tokens[entry.source_key]) for entry in found.entries],
            events=found.events,
            files=files,
        )

    def save(self, home: Home) -> None:
        values = asdict(self)
        values["entries"] = [
            {**one._asdict(), "occurred_at": to_text(one.occurred_at), "expires_at": to_text(one.expires_at)}
            for one in self.entries
        ]
        write_json(journal_path(home), values)

    @classmethod
    def read(cls, home: Home) -> "Journal | None":
        """The erasure that is not finished; LedgerConflict when its journal cannot be read."""
        try:
            raw: dict[str, Any] = json.loads(journal_path(home).read_text(encoding="utf-8"))
            return cls(
                person=Person(**raw["person"]),
                author=Author(**raw["author"]),
                at=raw["at"],
                rows=raw["rows"],
                entities=[(source, table, key) for source, table, key in raw["entities"]],
                tokens=raw["tokens"],
                event_ids=raw["event_ids"],
                entries=[
                    Entry(
                        **{
                            **one,
                            "occurred_at": from_text(one["occurred_at"]),
                            "expires_at": from_text(one["expires_at"]),
                        }
                    )
                    for one in raw["entries"]
                ],
                events=[Sent(**one) for one in raw["events"]],
                files=raw["files"],
                delta={path: (old, new) for path, (old, new) in raw["delta"].items()},
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LedgerConflict(
                f"{journal_path(home)} cannot be read ({type(error).__name__}), and it says what an interrupted "
                "erasure still has to do. Restore it, or all stores together from one backup, and run this again."
            ) from None


def _renamed(entry: Entry, token: str) -> Entry:
    """An event under the name that it has from now on."""
    return entry._replace(source_key=f"{ERASED}/{ERASED}/{token}", event_id=f"{ERASED}_{token}")
