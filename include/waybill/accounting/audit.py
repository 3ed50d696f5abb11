"""The audit: everything that must hold between the stores, checked from the files themselves; names what breaks it."""

from pathlib import Path

import duckdb

from waybill import delta
from waybill.accounting.balance import balance
from waybill.accounting.books import open_books
from waybill.delivery import keyfiles, payloads
from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict
from waybill.quality import approvals, decisions
from waybill.settings import Settings

_DOUBLES = """
select destination, event_name, {identity}, count(*) as times
from keys
where {condition}
group by destination, event_name, {identity}
having count(*) > 1
order by destination, event_name, {identity}
limit 20
"""

_IDENTITIES = (
    ("source_key", "true", "source key"),
    # What had expired before it was frozen is enrolled as expired whatever its id, and never sent.
    ("dataset, event_id", "expires_at > frozen_at", "event_id"),
)

_CHAIN = """
select files.file_id
from files
left join files as earlier
    on files.after_file_id = earlier.file_id
where files.after_file_id <> '' and earlier.file_id is null
"""

_LEAVES = """
select batch_id, file_id, events, (
    select sum(piece[2] - piece[1])
    from (select unnest(from_json(batches.row_ranges, '[["BIGINT"]]')) as piece)
) as rows_named
from batches
where rows_named is distinct from events
"""

_FILES = "select file_id, path, sha256, settled_at is null as is_open from files where destination = $destination"


def audit(settings: Settings) -> list[str]:
    """Checks key files, balance, identity, the ledger's own sums, and the delta files: those that the ledger names are
    compared with its digests, whatever stands beside them, and the others with their sidecars.

    Returns one sentence per finding; an empty list means that every promise of accounting holds. Damaged key files are
    the only findings where there are any: nothing can be added up without them.
    """
    damaged = _damaged_keys(settings)
    if damaged:
        return damaged
    findings = [f"{report.destination}: {text}" for report in balance(settings) for text in report.breaks]
    books = open_books(settings)
    for identity, condition, what in _IDENTITIES:
        for row in books.execute(_DOUBLES.format(identity=identity, condition=condition)).fetchall():
            findings.append(f"{row[0]}: {row[1]} {what} {row[-2]} is enrolled {row[-1]} times")
    findings += [f"{row[0]} was enrolled after a file that the ledger does not know" for row in _all(books, _CHAIN)]
    findings += [
        f"batch {row[0]} of {row[1]} says {row[2]} events but names {row[3]} rows" for row in _all(books, _LEAVES)
    ]
    return findings + _delta_findings(settings, books)


def _damaged_keys(settings: Settings) -> list[str]:
    findings: list[str] = []
    with duckdb.connect() as connection:
        for destination in settings.destinations:
            for path in keyfiles.key_files(settings.home, destination):
                try:
                    keyfiles.verify(path, connection)
                except LedgerConflict as conflict:
                    findings.append(str(conflict))
    return findings


def _delta_findings(settings: Settings, books: duckdb.DuckDBPyConnection) -> list[str]:
    findings: list[str] = []
    for destination in settings.destinations:
        enrolled = {str(row[0]): row[1:] for row in _all(books, _FILES, destination=destination)}
        folded = keyfiles.holders(settings.home, destination, only_folded=True)
        lost = delta.lost(settings.home, destination)
        for file_id, (path, sha256, is_open) in enrolled.items():
            unfolded = "" if file_id in folded else "its keys were not folded yet"
            need = "events wait in it" if is_open else unfolded
            if (settings.home.root / str(path)).with_suffix(".json") in lost:
                need = need or "its build is the newest"
            findings += _enrolled_findings(settings.home.root / str(path), str(sha256), need)
        findings += [
            f"the sidecar {sidecar} is gone. Restore it from a backup, or run `waybill build`"
            for sidecar in lost
            if f"{destination}/{sidecar.stem}" not in enrolled
        ]
        for sidecar in delta.sidecars(settings.home, destination):
            try:
                file = delta.read(sidecar)
                if file.file_id not in enrolled:
                    file.verify()
            except LedgerConflict as conflict:
                findings.append(str(conflict))
                continue
            if file.file_id in enrolled:
                if file.sha256 != enrolled[file.file_id][1]:
                    findings.append(f"{sidecar} names another digest than the ledger. Restore it from a backup")
                findings += _not_let_through(file)
    return findings


def _enrolled_findings(path: Path, sha256: str, need: str) -> list[str]:
    """What is wrong with an enrolled delta file; ``need`` is why it must be there, '' when a purge may take it."""
    sidecar, found = path.with_suffix(".json"), []
    if path.exists():
        try:
            payloads.verify(path, sha256)
        except LedgerConflict as conflict:
            found.append(str(conflict))
    elif need:
        found.append(f"the delta file {path} is gone, and {need}. Restore it from a backup")
    if need and not sidecar.exists():
        found.append(f"the sidecar {sidecar} is gone, and the file is still needed. Restore it from a backup")
    return found


def _not_let_through(file: DeltaFile) -> list[str]:
    """What is wrong with an enrolled file's decision: damaged, or closed and opened by nobody."""
    try:
        decision = decisions.read(file, enrolled=True)
        word = approvals.read(file)
    except LedgerConflict as conflict:
        return [str(conflict)]
    if decision is None or decision.is_open or (word is not None and word.opened):
        return []  # a decision that is gone leaves what the ledger says of the file
    return [f"{file.file_id} was enrolled although the gate closed it and nobody opened it"]


def _all(books: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[tuple[object, ...]]:
    return books.execute(query, parameters).fetchall()
