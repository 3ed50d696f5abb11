"""A small home for dbt: lands made-up rows as typed Parquet, writes a build's inputs, runs dbt, shows the result.

It stands in for extraction and for `waybill build`, so that these tests need neither.
"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).parents[3]
PROJECT = ROOT / "dbt_project"
TABLES: Mapping[str, Mapping[str, Any]] = tomllib.loads((ROOT / "include" / "waybill.toml").read_text())["sources"][
    "shop"
]["tables"]
START = datetime(2026, 11, 1, tzinfo=UTC)
PRODUCTION = ("--exclude", "tag:delivery", "test_type:unit", "tag:macro_cases")

KEY_COLUMNS = """
    file_id varchar, row_number bigint, destination varchar, dataset varchar, event_kind varchar, event_name varchar,
    source_key varchar, event_id varchar, occurred_at timestamptz, committed_at timestamptz, landed_at timestamptz,
    frozen_at timestamptz, expires_at timestamptz, value decimal(18, 4), currency varchar, payload_digest varchar
"""
PUBLISHED: Mapping[str, str] = {
    "candidates/meta/_empty": """
        destination varchar, source_key varchar, source varchar, entity varchar, entity_key varchar, part varchar,
        event_kind varchar, event_name varchar, event_id varchar, dataset varchar, occurred_at timestamptz,
        committed_at timestamptz, landed_at timestamptz, expires_at timestamptz, verdict varchar, reasons varchar[],
        value decimal(18, 4), currency varchar, payload_digest varchar, build_seq bigint, built_at timestamptz,
        removed boolean""",
    "candidates_total": "destination varchar, candidates bigint",
    "gate/meta/_empty": """
        destination varchar, file_id varchar, build_id varchar, row_number bigint, dataset varchar, event_kind varchar,
        event_name varchar, source_key varchar, event_id varchar, payload_digest varchar, state varchar,
        reasons varchar[], judged_at timestamptz, suite_version varchar, value decimal(18, 4), currency varchar,
        first_seen timestamptz""",
    "delivery/keys/meta/_empty": KEY_COLUMNS,
    "delivery/ledger/files": """
        file_id varchar, destination varchar, build_id varchar, path varchar, sha256 varchar, rows bigint,
        enrolled_rows bigint, quarantined_rows bigint, frozen_at timestamptz, enrolled_at timestamptz,
        after_file_id varchar, suite_version varchar, settled_at timestamptz""",
    "delivery/ledger/batches": """
        batch_id bigint, file_id varchar, destination varchar, dataset varchar, row_ranges varchar, events bigint,
        state varchar, reason varchar, expires_at timestamptz, attempts bigint, not_before timestamptz,
        unknown_since timestamptz, first_attempt_at timestamptz, parent_batch_id bigint, claimed_at timestamptz,
        settled_at timestamptz""",
    "delivery/ledger/attempts": """
        attempt_id bigint, batch_id bigint, started_at timestamptz, ended_at timestamptz, outcome varchar,
        http_status bigint, code bigint, subcode bigint, trace_id varchar, events_received bigint, duration_ms bigint,
        request_bytes bigint, reason varchar""",
    "delivery/ledger/exceptions": """
        exception_id bigint, file_id varchar, batch_id bigint, row_number bigint, destination varchar, dataset varchar,
        event_name varchar, source_key varchar, event_id varchar, state varchar, reason varchar, attempt_id bigint,
        created_at timestamptz""",
}
"""What build, gate and delivery publish, by path below ``published/``; each is there, typed, before it has a row."""

Row = Mapping[str, Any]


@dataclass
class DbtHome:
    """One home; ``now`` is the moment of the next landing or build and moves on by a minute with each."""

    root: Path
    now: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)
    setup: str = "redundant"
    start_at: datetime = START
    consent_max_age_days: int | None = None
    date_order: str | None = None
    default_country: str | None = None
    build_seq: int = 0
    last_good_build_seq: int = 0
    seen: set[str] = field(default_factory=set)
    project: Path = PROJECT

    def land(self, table: str, rows: Sequence[Row] = ()) -> Path:
        """Writes one landing file; columns that a row does not name are null, and updated_at is now."""
        self.now += timedelta(minutes=1)
        columns: Mapping[str, str] = TABLES[table]["columns"]
        name = self.now.strftime("%Y%m%dT%H%M%S%fZ")
        path = self.root / "landing" / "shop" / table / f"{name}__{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with _utc(duckdb.connect()) as db:
            db.execute(f"create table landing ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
            for row in rows:
                given = {"updated_at": self.now, **row}
                unknown = set(given) - set(columns)
                assert not unknown, f"{table} has no column {unknown}"
                marks = ", ".join("?" for _ in given)
                db.execute(f"insert into landing ({', '.join(given)}) values ({marks})", list(given.values()))
            db.execute(
                f"copy (select *, '{name}-0' as _run_id, ?::timestamptz as _extracted_at, "
                f"null::timestamptz as _window_start, ?::timestamptz as _window_end from landing)"
                f" to '{path}' (format parquet, compression zstd)",
                [self.now, self.now],
            )
        return path

    def land_empty_tables(self) -> None:
        """Lands an empty file for every table that has none, as extraction does."""
        for table in TABLES:
            if not list((self.root / "landing" / "shop" / table).glob("*.parquet")):
                self.land(table)

    def build(
        self, *arguments: str, full_refresh: bool = False, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """One production build; what it had not seen counts as seen once it succeeded."""
        self.land_empty_tables()
        self.now += timedelta(minutes=1)
        self.build_seq += 1
        landed = {str(path) for path in (self.root / "landing").glob("*/*/*.parquet")}
        self._write_inputs(sorted(landed if full_refresh else landed - self.seen), full_refresh)
        done = self.dbt("build", *(arguments or PRODUCTION), *(["--full-refresh"] if full_refresh else []), check=check)
        if done.returncode == 0:
            self.seen = landed
            self.last_good_build_seq = self.build_seq
        return done

    def dbt(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", "--no-use-colors", "--no-version-check"]
        command += ["--no-send-anonymous-usage-stats", "--log-path", str(self.root / "build" / "logs"), *arguments]
        command += ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        command += ["--target-path", str(self.root / "build" / "target")]
        done = subprocess.run(
            command,
            cwd=self.project,
            env={**os.environ, "WAYBILL_HOME": str(self.root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
        return done

    def publish(self, path: str, rows: Sequence[Row] = (), like: str | None = None) -> None:
        """Writes one published file; ``like`` names the entry of PUBLISHED whose columns it has, by default its own."""
        target = self.root / "published" / f"{path}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        with _utc(duckdb.connect()) as db:
            db.execute(f"create table published ({PUBLISHED[like or path]})")
            for row in rows:
                marks = ", ".join("?" for _ in row)
                db.execute(f"insert into published ({', '.join(row)}) values ({marks})", list(row.values()))
            db.execute(f"copy published to '{target}' (format parquet)")

    def publish_nothing(self) -> None:
        """Publishes every file without rows, as build, gate and delivery do before anything happened."""
        for path in PUBLISHED:
            self.publish(path)
        with duckdb.connect() as db:
            db.execute("create table seen (source varchar, table_name varchar, file varchar)")
            for file in sorted(self.seen):
                db.execute("insert into seen values ('shop', ?, ?)", [Path(file).parent.name, file])
            db.execute(f"copy seen to '{self.root / 'build' / 'seen_files.parquet'}' (format parquet)")

    def query(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of the warehouse file, as dictionaries."""
        with _utc(duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True)) as db:
            cursor = db.execute(sql, list(parameters))
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def meta(self, source_key: str) -> dict[str, Any]:
        """The one row of meta_events with this source key."""
        [row] = self.query("select * from destinations.meta_events where source_key = ?", source_key)
        return row

    def _write_inputs(self, unseen: Sequence[str], full_refresh: bool) -> None:
        folder = self.root / "build" / "inputs"
        folder.mkdir(parents=True, exist_ok=True)
        (self.root / "build" / "tmp").mkdir(exist_ok=True)
        files = ", ".join(f"('shop', '{Path(file).parent.name}', '{file}')" for file in unseen)
        last_good = 0 if full_refresh else self.last_good_build_seq
        with _utc(duckdb.connect()) as db:
            db.execute(
                "copy (select ? as build_id, ?::bigint as build_seq, ?::timestamptz as built_at,"
                f" ?::bigint as last_good_build_seq) to '{folder / 'build.parquet'}' (format parquet)",
                [f"build-{self.build_seq}", self.build_seq, self.now, last_good],
            )
            db.execute(
                "copy (select 'shop' as source, ?::varchar as date_order, ?::varchar as default_country)"
                f" to '{folder / 'sources.parquet'}' (format parquet)",
                [self.date_order, self.default_country],
            )
            db.execute("create table unseen (source varchar, table_name varchar, file varchar)")
            if unseen:
                db.execute(f"insert into unseen values {files}")
            db.execute(f"copy unseen to '{folder / 'unseen_files.parquet'}' (format parquet)")
            db.execute(
                "copy (select 'meta' as destination, ?::timestamptz as start_at, ? as setup,"
                f" ?::integer as consent_max_age_days) to '{folder / 'destinations.parquet'}' (format parquet)",
                [self.start_at, self.setup, self.consent_max_age_days],
            )


def _utc(db: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    db.execute("set TimeZone = 'UTC'")
    return db
