"""A small home that is fed as a build and a gate would feed it, without dbt: what is enrolled nowhere freezes again.

Candidates are published too, so that the balance and the audit can be asked.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
from office import DATASET, TOKEN, Office
from outbox import NOW, Event, freeze, judge

from waybill.clock import to_name
from waybill.quality.gate import ensure_empty
from waybill.settings import load_settings
from waybill.warehouse.build import publish_totals
from waybill.warehouse.candidates import COLUMNS
from waybill.warehouse.freeze import CHANGES_COLUMNS

START_AT = "2026-11-01T00:00:00Z"


def environment(home: Path, base_url: str) -> dict[str, str]:
    """What a process needs to know to deliver from a home to an emulator."""
    return {
        "WAYBILL_HOME": str(home),
        "WAYBILL_META_DATASET_ID": DATASET,
        "WAYBILL_META_ACCESS_TOKEN": TOKEN,
        "WAYBILL_META_BASE_URL": base_url,
        "WAYBILL_META_START_AT": START_AT,
    }


@dataclass
class Chain:
    """The home, and every event that ever was a candidate in it."""

    office: Office
    events: list[Event] = field(default_factory=list)
    builds: int = 0
    follows_clock: bool = False
    """Whether builds are made when the home's clock says; else a minute after each other from NOW on."""

    @classmethod
    def make(cls, home: Path, base_url: str, **changes: Any) -> "Chain":
        settings = load_settings(environment(home, base_url)).model_copy(update={"as_of": NOW})
        chain = cls(Office(settings))
        chain.office.change(**changes)
        return chain

    def add(self, events: list[Event], withdrawals: list[tuple[str, int, str]] | None = None) -> None:
        """New candidates, and the build and the gate after them."""
        self.events += events
        self.build(withdrawals or [])

    def build(self, withdrawals: list[tuple[str, int, str]] | None = None) -> None:
        """Freezes what is enrolled nowhere behind the newest enrolled file, opens its gate, publishes candidates."""
        self.builds += 1
        after, enrolled = self._enrolled()
        rows = sorted(
            (event for event in self.events if event.source_key not in enrolled),
            key=lambda event: (event.dataset, event.occurred_at + event.window),
        )
        self._publish()
        at = self.office.settings.as_of if self.follows_clock else None
        name = f"{to_name(at or NOW + timedelta(minutes=self.builds))}-{self.builds:06d}"
        frozen = freeze(self.office.home, rows, build=name, after=after, withdrawals=withdrawals or (), at=at or NOW)
        judge(frozen)

    def _enrolled(self) -> tuple[str, set[str]]:
        home = self.office.home
        if "files" not in self.office.tables():  # or killed before its tables were there
            return "", set()
        files = self.office.rows("select file_id, path, after_file_id from files")
        last = {file_id for file_id, _, _ in files} - {after for _, _, after in files}
        keys = {
            key
            for _, path, _ in files
            for (key,) in duckdb.sql(f"select source_key from read_parquet('{home.root / path}')").fetchall()
        }
        return next(iter(last), ""), keys

    def _publish(self) -> None:
        home = self.office.home
        home.create()
        ensure_empty(home, "meta")
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            for folder, columns in (("candidates", COLUMNS), ("changes", CHANGES_COLUMNS)):
                path = home.published / folder / "meta"
                path.mkdir(parents=True, exist_ok=True)
                connection.execute(f"create or replace table published ({columns})")
                if folder == "candidates":
                    connection.register("candidates", pa.Table.from_pylist(self.candidates()))
                    connection.execute("insert into published by name from candidates")
                    connection.execute("create schema destinations")
                    connection.execute("create table destinations.meta_events as from published")
                    publish_totals(connection, self.office.settings, self.builds)
                name = "all.parquet" if folder == "candidates" else "_empty.parquet"
                connection.execute(f"copy published to '{path / name}' (format parquet)")
        names = {"source": pl.String, "table_name": pl.String, "file": pl.String}
        seen = pl.DataFrame(schema={**names, "size": pl.Int64, "modified_ns": pl.Int64})
        seen.write_parquet(home.build / "seen_files.parquet")

    def candidates(self) -> list[dict[str, Any]]:
        """What a build publishes of the events, and what its marts hold."""
        return [
            {
                **{"destination": "meta", "source": "shop", "entity": "orders", "entity_key": str(event.number)},
                **{"source_key": event.source_key, "event_kind": event.kind, "event_name": "Purchase"},
                **{"event_id": event.id, "dataset": event.dataset, "verdict": "sendable"},
                **{"occurred_at": event.occurred_at, "expires_at": event.occurred_at + event.window},
                **{"value": 12.5, "currency": "EUR", "build_seq": self.builds, "built_at": NOW, "removed": False},
            }
            for event in self.events
        ]
