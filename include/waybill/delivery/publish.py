"""Publishing: the ledger given back to people, pages and dbt as Parquet that nobody has to lock."""

import time
from dataclasses import dataclass

import pyarrow.parquet as pq

from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.errors import SourceUnavailable
from waybill.files import locked, written_aside
from waybill.home import Home
from waybill.settings import Settings

_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class PublishReport:
    """How many rows of each ledger table were published, and for how many files keys were written."""

    rows: dict[str, int]
    key_files: int

    def counts(self) -> dict[str, int | float]:
        return {**self.rows, "key_files": self.key_files}


def publish(settings: Settings) -> PublishReport:
    """Writes the keys that are lacking and a snapshot of the ledger as of one moment, each file in one piece.

    Raises SourceUnavailable when another process publishes for too long, LedgerConflict when a delta file that is
    needed is missing or damaged.
    """
    home = settings.home
    home.create()
    give_up = time.monotonic() + _WAIT_SECONDS
    while True:
        with locked(home.root / "ledger.publish.lock") as alone:
            if alone:
                return _publish(home)
        if time.monotonic() > give_up:
            raise SourceUnavailable(f"Another process has been publishing {home.root} for a minute. Run this again.")
        time.sleep(0.2)


def _publish(home: Home) -> PublishReport:
    with Ledger.open_readonly(home) as ledger:
        key_files = ensure_keys(home, ledger)
        tables = ledger.tables_as_arrow()
    for name, table in tables.items():
        with written_aside(home.published / "delivery" / "ledger" / f"{name}.parquet") as aside:
            pq.write_table(table, aside, compression="zstd")
    return PublishReport(rows={name: table.num_rows for name, table in tables.items()}, key_files=key_files)
