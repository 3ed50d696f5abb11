"""What is sent, to the letter: payloads as they are frozen in delta files, before or after they went out."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from waybill import delta
from waybill.delivery import entries
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.events import key_in_source_key
from waybill.settings import Settings

HIDDEN: Final = "(hidden)"
_IN_CLEAR: Final = ("client_ip_address", "client_user_agent", "fbc", "fbp", "lead_id", "subscription_id")
"""Keys of user_data that platforms take unhashed: they are hidden unless somebody asks for them."""

_FROZEN = """
select filename, row_number, source_key, event_name, event_id, dataset, expires_at, past_expiry, payload,
from read_parquet($files, filename = true)
where
    $wanted is null
    or $wanted in (source_key, event_id)
    or split_part(source_key, '/', 3) = $key
qualify row_number() over (partition by event_name, source_key order by filename desc) = 1
order by filename desc, row_number
limit $wanted_rows
"""


@dataclass(frozen=True)
class Preview:
    """One event as it stands in a delta file; ``payload`` is its element of the request's ``data``."""

    destination: str
    file_id: str
    row_number: int
    source_key: str
    event_name: str
    event_id: str
    dataset: str
    expires_at: str
    past_expiry: bool
    payload: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def preview(
    settings: Settings, wanted: str | None, *, destination: str | None, limit: int, show_values: bool
) -> list[Preview]:
    """The newest frozen payloads of an order, a lead or an event_id; without one, the first of the newest delta file.

    Raises ConfigurationError when none was frozen, SourceUnavailable when a delta file cannot be read.
    """
    names = [destination] if destination is not None else list(settings.destinations)
    found: list[Preview] = []
    for name in names:
        settings.destination(name)
        files = [file for file in delta.frozen(settings.home, name) if file.rows and file.path.exists()]
        files = files if wanted is not None else files[-1:]
        found += _payloads(name, files, wanted, limit, show_values) if files else []
    if not found:
        raise ConfigurationError(_why_nothing(settings, wanted, destination))
    return found


def _why_nothing(settings: Settings, wanted: str | None, destination: str | None) -> str:
    if wanted is None:
        return (
            f"No delta file with events is in {settings.home.delta}: none was frozen yet, or it was purged. Run "
            "`waybill build`, which freezes what is new."
        )
    with Ledger.open_readonly(settings.home) as ledger:
        ensure_keys(settings.home, ledger)
    if entries.find(settings.home, wanted, destination):
        return (
            f"{wanted!r} was enrolled long ago and is settled, and its payload is not kept any more ([retention] in "
            f"waybill.toml); `waybill explain {wanted}` tells what became of it."
        )
    return f"No payload of {wanted!r} was frozen in {settings.home.delta}; `waybill explain {wanted}` says why."


def _payloads(
    destination: str, files: list[delta.DeltaFile], wanted: str | None, limit: int, show_values: bool
) -> list[Preview]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            rows = connection.execute(
                _FROZEN,
                {
                    "files": [str(file.path) for file in files],
                    "wanted": wanted,
                    "key": key_in_source_key(wanted or ""),
                    "wanted_rows": limit,
                },
            ).fetchall()
        except duckdb.Error as error:
            raise SourceUnavailable(
                f"A delta file in {files[0].path.parent} cannot be read ({type(error).__name__}). Run `waybill ledger "
                "audit`, which names the damaged one, and restore it from a backup."
            ) from None
    return [
        Preview(
            destination=destination,
            file_id=f"{destination}/{Path(filename).stem}",
            row_number=row_number,
            source_key=source_key,
            event_name=event_name,
            event_id=event_id,
            dataset=dataset,
            expires_at=expires_at.isoformat(),
            past_expiry=past_expiry,
            payload=_shown(payload, show_values),
        )
        for filename, row_number, source_key, event_name, event_id, dataset, expires_at, past_expiry, payload in rows
    ]


def _shown(text: str, show_values: bool) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(text)
    person = payload.get("user_data")
    if not show_values and isinstance(person, dict):
        payload["user_data"] = {key: HIDDEN if key in _IN_CLEAR else value for key, value in person.items()}
    return payload
