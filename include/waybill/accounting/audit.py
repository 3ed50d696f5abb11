"""The audit: everything that must hold between the stores, checked from the files themselves; names what breaks it."""

import duckdb

from waybill import delta
from waybill.accounting.balance import balance
from waybill.accounting.books import open_books
from waybill.delivery import keyfiles
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

_SETTLED = "select file_id, path from files where destination = $destination and settled_at is not null"


def audit(settings: Settings) -> list[str]:
    """Checks key files, balance, digests of the delta files that are still there, identity, and the ledger's own sums.

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
    """Delta files that are damaged, or gone before their keys were folded; of one that is folded, its keys are left."""
    findings: list[str] = []
    digests = {row[0]: row[1] for row in _all(books, "select file_id, sha256 from files")}
    for destination in settings.destinations:
        folded = keyfiles.holders(settings.home, destination, only_folded=True)
        for file_id, path in _all(books, _SETTLED, destination=destination):
            if file_id not in folded and not (settings.home.root / str(path)).exists():
                findings.append(
                    f"the delta file {path} is gone, and its keys were not folded yet. Restore it from a backup"
                )
        for file in delta.frozen(settings.home, destination):
            if not file.path.exists() and (file.file_id not in digests or file.file_id in folded):
                continue
            try:
                file.verify()
            except LedgerConflict as conflict:
                findings.append(str(conflict))
            if digests.get(file.file_id, file.sha256) != file.sha256:
                findings.append(f"{file.sidecar_path} names another digest than the ledger")
            if file.file_id in digests:
                findings += _not_let_through(file)
    return findings


def _not_let_through(file: DeltaFile) -> list[str]:
    """What is wrong with an enrolled file's decision: damaged, or closed and opened by nobody."""
    try:
        decision = decisions.read(file)
        word = approvals.read(file)
    except LedgerConflict as conflict:
        return [str(conflict)]
    if decision is None or decision.is_open or (word is not None and word.opened):
        return []  # a decision that is gone leaves what the ledger says of the file
    return [f"{file.file_id} was enrolled although the gate closed it and nobody opened it"]


def _all(books: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[tuple[object, ...]]:
    return books.execute(query, parameters).fetchall()
