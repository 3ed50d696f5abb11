"""What must hold of what is given back to people, and of what landed, where nothing else would notice a change.

A step that is at work, or was killed, leaves these behind the store they come from; that is no finding. So the snapshot
must be a past of the ledger, the verdicts what the marts were when they were last added up, and landing what the last
good build has read, or landed again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from waybill.declared import TableSettings
from waybill.delivery.ledger import SNAPSHOT
from waybill.errors import ConfigurationError
from waybill.events import SETTLED_STATES
from waybill.home import Home
from waybill.settings import Settings
from waybill.sources.landing import covered_until
from waybill.sources.windows import Window
from waybill.warehouse.candidates import digest_of
from waybill.warehouse.inputs import seen_files
from waybill.warehouse.macros import key_as_built

_ENDS: Final = ", ".join(f"'{state}'" for state in SETTLED_STATES)

_STAYS: Final[Mapping[str, str]] = {
    "files": "file_id, destination, path, rows, enrolled_rows, after_file_id, enrolled_at",
    "batches": "batch_id, file_id, dataset, row_ranges, events, parent_batch_id",
    "attempts": "attempt_id, batch_id, started_at",
    "exceptions": "exception_id, file_id, row_number, batch_id, state, reason, created_at",
    "actions": "action_id, at, who, verb, destination, because, events",
}
"""The columns of a ledger's row that nothing changes once it is written."""

_MOVES: Final[Mapping[str, str]] = {
    "batches": f"was.state not in ({_ENDS}) or now.state in (was.state, 'split')",
    "attempts": "was.outcome is null or was.outcome is not distinct from now.outcome",
}
"""How the others may change."""

_NO_PAST: Final = """
select count(*)
from was
where not exists (
    select 1
    from now
    where {same} and ({moved})
)
"""

_CURRENT: Final = """(
    select *
    from (
        select *
        from candidates
        where destination = '{destination}' and build_seq <= {seq}
        qualify row_number() over (partition by event_kind, source_key order by build_seq desc) = 1
    )
    where not removed
)"""

_NOT_LANDED: Final = """
select count(*)
from (
    select distinct entity_key
    from candidates
    where source = $source and entity = $entity
    qualify not arg_max(removed, build_seq) over (partition by destination, event_kind, source_key)
) as standing
where entity_key not in (select {key} from read_parquet($files, union_by_name = true))
"""


def snapshot(home: Home) -> dict[str, pa.Table | None]:
    """The published tables of the ledger by name; None for one that is damaged."""
    found: dict[str, pa.Table | None] = {}
    for table in SNAPSHOT:
        path = _published(home, table.name)
        if path.exists():
            try:
                found[table.name] = pq.read_table(path)
            except (OSError, pa.ArrowException):
                found[table.name] = None
    return found


def snapshot_findings(home: Home, was: Mapping[str, pa.Table | None], now: Mapping[str, pa.Table]) -> list[str]:
    """Published tables that are gone, damaged, or say what the ledger can never have been."""
    findings: list[str] = []
    is_published = any(moment is not None for moment in now["files"]["settled_at"].to_pylist())  # at the latest then
    for name in _STAYS:
        path = _published(home, name)
        if name not in was:
            if is_published:
                findings.append(f"{path} is gone, or was never published. Run `waybill publish`, which writes it")
            continue
        wrong = _without_past(name, was[name], now[name])
        if wrong is None:
            findings.append(f"{path} cannot be read. Run `waybill publish`, which writes it anew")
        elif wrong:
            findings.append(
                f"{path} has {wrong} rows that are not in the ledger as published: the ledger is older than what "
                "was sent (docs/restore.md), or the file was changed. Only when the ledger is the right one run "
                "`waybill publish`, which writes the file anew"
            )
    return findings


def _without_past(name: str, was: pa.Table | None, now: pa.Table) -> int | None:
    """How many published rows the ledger does not hold, or holds otherwise; None where they cannot be compared."""
    if was is None:
        return None
    same = " and ".join(f"was.{column} is not distinct from now.{column}" for column in _STAYS[name].split(", "))
    with duckdb.connect() as connection:
        connection.register("was", was)
        connection.register("now", now)
        try:
            query = _NO_PAST.format(same=same, moved=_MOVES.get(name, "true"))
            return int(connection.execute(query).fetchall()[0][0])
        except duckdb.BinderException:  # a column is not there
            return None


def totals(home: Home) -> list[tuple[str, str, int]]:
    """Destination, what its candidates in the marts added up to, and as of which build.

    None of those that were published before there were sums: the next build writes them.
    """
    path = home.published / "candidates_total.parquet"
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return []  # the books say so
    if "digest" not in table.column_names:
        return []
    return [tuple(row.values()) for row in table.select(["destination", "digest", "build_seq"]).to_pylist()]


def verdict_findings(
    settings: Settings, books: duckdb.DuckDBPyConnection, totals: list[tuple[str, str, int]]
) -> list[str]:
    """Destinations whose published verdicts, names or values are not what the marts held."""
    return [
        f"{destination}: the published candidates are not those of the marts; a verdict, a name or a value in "
        f"published/candidates/{destination} was changed. Restore it from a backup, or run `waybill build "
        "--full-refresh`, which publishes what differs again"
        for destination, digest, seq in totals
        if destination in settings.destinations
        and digest_of(books, _CURRENT.format(destination=destination, seq=seq))[1] != digest
    ]


def landing_findings(settings: Settings, books: duckdb.DuckDBPyConnection) -> list[str]:
    """Landing files that the last good build has read and that are gone, damaged, or cut short since."""
    findings: list[str] = []
    for source, declared in settings.sources.items():
        for name, table in declared.tables.items():
            folder = settings.home.landing / source / name
            try:
                findings += _table_findings(settings, books, folder, table)
            except ConfigurationError as error:  # a file with a strange name
                findings.append(str(error))
    return findings


def _table_findings(
    settings: Settings, books: duckdb.DuckDBPyConnection, folder: Path, table: TableSettings
) -> list[str]:
    """What became of one table's files. One that was landed or written again since counts as what it is now."""
    source, name = folder.parent.name, folder.name
    changed = [path for path, is_as_seen in seen_files(settings.home, source, name) if not is_as_seen]
    if not changed:
        return []
    there = sorted(folder.glob("*.parquet"))
    reach = covered_until(Window.of_file(path) for path in there)
    findings = [
        f"the landing file {path}, which the last good build has read, is gone. Run `waybill extract`, which lands its "
        "window again, and `waybill build`"
        for path in changed
        if not path.exists() and (reach is None or Window.of_file(path).end > reach)
    ]
    damaged = [path for path in changed if path.exists() and not _is_readable(path)]
    findings += [
        f"the landing file {path} is damaged. Delete it and run `waybill extract`, which lands its window again"
        for path in damaged
    ]
    if not findings and table.candidates:
        key = key_as_built(settings.dbt_project_dir, tuple(f'"{column}"' for column in table.key))
        parameters = {"source": source, "entity": name, "files": [str(path) for path in there]}
        [(missing,)] = books.execute(_NOT_LANDED.format(key=key), parameters).fetchall()
        if missing:
            shown = ", ".join(str(path) for path in changed[:3])
            findings.append(
                f"{missing} rows of {source}.{name} that have candidates are in no landing file any more. Of the files "
                f"that changed since the last good build ({shown}), delete the one that was cut short and run "
                "`waybill extract`, which lands its window again"
            )
    return findings


def _is_readable(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def _published(home: Home, name: str) -> Path:
    return home.published / "delivery" / "ledger" / f"{name}.parquet"
