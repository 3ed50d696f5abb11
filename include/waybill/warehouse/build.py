"""One build: dbt, then publishing the candidates, then freezing a delta file for each destination."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from waybill import tombstones
from waybill.errors import BuildFailed, SourceUnavailable
from waybill.files import locked, written_aside
from waybill.home import Home
from waybill.quality.gate import ensure_empty
from waybill.settings import Settings
from waybill.warehouse import dbt, inputs
from waybill.warehouse.candidates import COLUMNS, digest_of, publish_candidates, write_empty
from waybill.warehouse.freeze import CHANGES_COLUMNS, Freeze, freeze

_MEMORY = "2GB"
"""What the freeze may use before it goes to disk; dbt has the same limit, in its profile."""


@dataclass(frozen=True)
class BuildReport:
    """What a build did: landing files read for the first time, verdicts that changed, and each destination's freeze."""

    build_id: str
    files_unseen: int
    candidates_changed: dict[str, int]
    freezes: dict[str, Freeze]
    dbt_seconds: float

    def counts(self) -> dict[str, int | float]:
        """The figures that an Asset event carries."""
        return {
            "files_unseen": self.files_unseen,
            "candidates_changed": sum(self.candidates_changed.values()),
            "frozen": sum(freeze.delta.rows for freeze in self.freezes.values()),
            "withdrawals": sum(freeze.withdrawals for freeze in self.freezes.values()),
            "changed_after_enrolment": sum(freeze.changed_after_enrolment for freeze in self.freezes.values()),
            "dbt_seconds": round(self.dbt_seconds, 1),
        }


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Keeps every other build away for the length of a block; SourceUnavailable while one is running."""
    with locked(home.build / "build.lock") as is_alone:
        if not is_alone:
            raise SourceUnavailable(f"A build is running on {home.root}. Wait for it, then run this again.")
        if (home.build / "tmp").exists():  # what DuckDB put there for a build that was killed may be contact data
            shutil.rmtree(home.build / "tmp")
        yield


def build(settings: Settings, *, full_refresh: bool = False) -> BuildReport:
    """Builds the marts from what landed, publishes the verdicts, and freezes what is new.

    Raises ConfigurationError when nothing has landed or a destination has no start_at, SourceUnavailable when another
    process holds the warehouse file, BuildFailed when dbt fails; in each case the next build does the work again.
    """
    home = settings.home
    home.create()
    with alone(home):
        tombstones.refuse_unfinished(home)
        this = inputs.begin(settings, full_refresh=full_refresh)
        arguments = ["build", "--exclude", "tag:delivery", "test_type:unit", "tag:macro_cases"]
        run = dbt.run(settings, [*arguments, "--full-refresh"] if full_refresh else arguments)
        with open_warehouse(home) as warehouse, _without_values():
            _make_readable(warehouse, settings)
            changed = {name: publish_candidates(warehouse, home, name, this) for name in settings.destinations}
            freezes = {
                name: freeze(
                    warehouse, home, name, this.build_id, this.last_good_seq, settings.clock.now(), destination.gate
                )
                for name, destination in settings.destinations.items()
            }
            publish_totals(warehouse, settings, this.seq)
        inputs.succeed(home, this)
    return BuildReport(
        build_id=this.build_id,
        files_unseen=this.unseen.height,
        candidates_changed=changed,
        freezes=freezes,
        dbt_seconds=run.seconds,
    )


def refresh_marts(settings: Settings) -> dbt.DbtRun:
    """Rebuilds the delivery marts from ``published/``, by selection; nothing else in the warehouse file changes."""
    with alone(settings.home):
        tombstones.refuse_unfinished(settings.home)
        return dbt.run(
            settings, ["build", "--select", "tag:delivery", "--exclude", "test_type:unit", "tag:macro_cases"]
        )


def open_warehouse(home: Home) -> duckdb.DuckDBPyConnection:
    """The warehouse file, opened for the end of a build; SourceUnavailable while another process has it."""
    try:
        connection = duckdb.connect(
            str(home.warehouse_file),
            config={"temp_directory": str(home.build / "tmp"), "memory_limit": _MEMORY},
        )
    except duckdb.IOException as error:
        raise SourceUnavailable(
            f"{home.warehouse_file} is open in another process, and DuckDB gives a file to one at a time. "
            "Close what holds it and run `waybill build` again."
        ) from error
    connection.execute("set TimeZone = 'UTC'")
    return connection


@contextmanager
def _without_values() -> Iterator[None]:
    """Tells an error of DuckDB by its kind alone: its text quotes what it stumbled over."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise SourceUnavailable(
            f"Publishing and freezing what is new failed: disk or memory is short ({type(error).__name__}). Make room "
            "and run `waybill build` again, which does all of it again."
        ) from None
    except duckdb.Error as error:
        raise BuildFailed(
            f"The marts were built, but publishing and freezing what is new failed ({type(error).__name__}). A damaged "
            "file in published/ is the usual cause: `waybill ledger audit` names it. Restore it from a backup and run "
            "`waybill build` again, which does all of it again."
        ) from None


def _make_readable(warehouse: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Sees to it that every published folder that is read by a glob holds at least one, typed, file."""
    for destination in settings.destinations:
        published = settings.home.published
        ensure_empty(settings.home, destination)
        for folder, columns in (("candidates", COLUMNS), ("changes", CHANGES_COLUMNS)):
            empty = published / folder / destination / "_empty.parquet"
            if not empty.exists():
                write_empty(warehouse, empty, columns)


def publish_totals(warehouse: duckdb.DuckDBPyConnection, settings: Settings, build_seq: int) -> None:
    """Publishes how many candidates the marts hold and what they add up to, so that the audit notices what changed.

    ``build_seq`` is the newest build whose candidates the published ones must be compared with.
    """
    totals = [(name, *digest_of(warehouse, f"destinations.{name}_events"), build_seq) for name in settings.destinations]
    warehouse.execute(
        "create or replace temp table totals (destination varchar, candidates bigint, digest varchar, build_seq bigint)"
    )
    warehouse.executemany("insert into totals values (?, ?, ?, ?)", totals)
    with written_aside(settings.home.published / "candidates_total.parquet") as aside:
        warehouse.execute("copy (from totals) to ? (format parquet)", [str(aside)])
