"""What reading keys costs a freeze: ten thousand key files of five weeks, and the same keys folded.

    python tests/benchmarks/key_files.py [FILES] [KEYS_IN_EACH]

Prints CPU and wall seconds of the query that a freeze asks, before and after, and what the folding took.
"""

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from sqlalchemy import insert

from waybill.delivery import fold, keyfiles, schema
from waybill.delivery.ledger import Ledger
from waybill.home import Home

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

_KEYS = """
create or replace table keys as
select
    $file_id as file_id, n as row_number, 'meta' as destination, 'main' as dataset,
    'website_purchase' as event_kind, 'Purchase' as event_name, 'shop/orders/' || ($first + n) as source_key,
    'purchase_' || ($first + n) as event_id, $now::timestamptz as occurred_at, $now::timestamptz as committed_at,
    $now::timestamptz as landed_at, $now::timestamptz as frozen_at, $now::timestamptz as expires_at,
    cast(n as decimal(18, 4)) as value, 'EUR' as currency, sha256(($first + n)::varchar) as payload_digest,
from range($keys) as numbers(n)
"""


def make(home: Home, files: int, keys: int) -> None:
    """So many settled files in the ledger, and their key files."""
    rows = []
    with duckdb.connect() as connection:
        for number in range(files):
            build = f"{NOW + timedelta(minutes=5 * number):%Y%m%dT%H%M%S%fZ}-{number:06d}"
            after = rows[-1]["file_id"] if rows else ""
            given = {"file_id": f"meta/{build}", "first": number * keys, "keys": keys, "now": NOW}
            connection.execute(_KEYS, given)
            keyfiles.write(connection, "keys", keyfiles.folder(home, "meta") / f"{build}.parquet")
            rows.append(
                {
                    "file_id": f"meta/{build}",
                    "destination": "meta",
                    "build_id": build,
                    "path": f"delta/meta/{build}.parquet",
                    "sha256": "0" * 64,
                    "rows": keys,
                    "enrolled_rows": keys,
                    "quarantined_rows": 0,
                    "frozen_at": NOW,
                    "enrolled_at": NOW,
                    "after_file_id": after,
                    "suite_version": "1",
                    "settled_at": NOW,
                }
            )
    with Ledger(home) as ledger, ledger.transaction() as transaction:
        transaction.execute(insert(schema.files), rows)


def freeze_reads(home: Home) -> None:
    """An anti-join of 10,000 fresh events with everything that was enrolled, as a freeze does it."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table fresh as select 'Purchase' as event_name, 'new/' || n as source_key from range(10000) t(n)"
        )
        enrolled = keyfiles.standing(home, "meta")
        query = f"select count(*) from fresh anti join {enrolled} as enrolled using (event_name, source_key)"
        assert connection.execute(query).fetchall() == [(10_000,)]


def measured(title: str, work: object, *arguments: object) -> None:
    cpu, wall = time.process_time(), time.monotonic()
    work(*arguments)  # type: ignore[operator]
    sys.stdout.write(f"{title:40} {time.process_time() - cpu:6.2f} CPU-s {time.monotonic() - wall:6.2f} s\n")


def main() -> None:
    files, keys = [int(text) for text in (*sys.argv[1:], "10000", "100")[:2]] if len(sys.argv) > 2 else (10_000, 100)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.create()
        make(home, files, keys)
        measured(f"a freeze reads {files} key files", freeze_reads, home)
        measured(f"a freeze reads {files} key files again", freeze_reads, home)
        measured("folding them", fold.fold, home, "meta")
        measured("a freeze reads both", freeze_reads, home)
        fold.REST_SECONDS = -1.0
        measured("removing what was folded", fold.fold, home, "meta")
        measured("a freeze reads the folded files", freeze_reads, home)
        names = keyfiles.key_files(home, "meta")
        size = sum(path.stat().st_size for path in names)
        sys.stdout.write(f"{len(names)} files, {size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
