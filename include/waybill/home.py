"""Where things are inside ``WAYBILL_HOME``: one folder per store, each with one writer.

``landing/`` ← extract · ``warehouse.duckdb`` ← build · ``delta/`` ← build and gate · ``ledger.sqlite`` ← delivery ·
``published/`` ← build, gate and delivery, each in folders of its own. Only the ledger may be elsewhere: in PostgreSQL.
"""

import json
import os
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from waybill.errors import ConfigurationError


@dataclass(frozen=True)
class Home:
    """The paths of one home, and the address of a ledger that is not in it; creating nothing by itself."""

    root: Path
    ledger_uri: SecretStr | None = field(default=None, repr=False)

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def warehouse_file(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def build(self) -> Path:
        """What a build is told (``inputs/``), what it remembers, and dbt's target and logs."""
        return self.root / "build"

    @property
    def delta(self) -> Path:
        return self.root / "delta"

    @property
    def ledger_file(self) -> Path:
        return self.root / "ledger.sqlite"

    def delivery_lock(self, destination: str) -> Path:
        """Held while a destination is delivered to from this machine, or a person changes an event of it."""
        return self.root / f"ledger.{destination}.lock"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def key_files(self) -> Path:
        """Which rows were enrolled: a folder per destination."""
        return self.published / "delivery" / "keys"

    @property
    def data_docs(self) -> Path:
        return self.root / "data_docs"

    @property
    def facts_file(self) -> Path:
        """``home.toml``: what ``waybill sample`` fixed for this home."""
        return self.root / "home.toml"

    def create(self) -> None:
        """Makes the folders, readable by their owner only, and keeps later files of this process so."""
        os.umask(0o077)
        for folder in (self.root, self.landing, self.build, self.delta, self.published, self.data_docs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def facts(self) -> "HomeFacts":
        """What ``home.toml`` says, or nothing at all where there is none."""
        if not self.facts_file.exists():
            return HomeFacts()
        try:
            raw = tomllib.loads(self.facts_file.read_text())
            return HomeFacts.from_toml(raw)
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f"{self.facts_file} cannot be read ({error}). Make the sample again with `waybill sample`, "
                "or delete the file if this is not a sample home."
            ) from error


@dataclass(frozen=True)
class HomeFacts:
    """What a sample home says of itself: that it is one, its clock, and when it went live."""

    is_sample: bool = False
    as_of: datetime | None = None
    start_at: datetime | None = None
    warehouse_uri: str | None = None

    @classmethod
    def from_toml(cls, raw: dict[str, Any]) -> "HomeFacts":
        return cls(
            is_sample=bool(raw["sample"]),
            as_of=_utc(raw.get("as_of")),
            start_at=_utc(raw.get("start_at")),
            warehouse_uri=raw.get("warehouse_uri"),
        )

    def to_toml(self) -> str:
        """The text of ``home.toml``; a URI with a password is never written."""
        lines = [
            "# Written by `waybill sample`: this home holds made-up data and sends to loopback addresses only.",
            f"sample = {str(self.is_sample).lower()}",
        ]
        if self.as_of is not None:
            lines.append(f"as_of = {self.as_of.isoformat()}  # the clock of this home stands still here")
        if self.start_at is not None:
            lines.append(f"start_at = {self.start_at.isoformat()}")
        if self.warehouse_uri is not None:
            lines.append(f"warehouse_uri = {json.dumps(self.warehouse_uri)}")  # TOML quotes as JSON does
        return "\n".join(lines) + "\n"


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        raise TypeError(f"{moment!r} is not a date with a time")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
