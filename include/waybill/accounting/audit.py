"""The audit: everything that must hold between the stores, checked from the files themselves; names what breaks it."""

import duckdb

from waybill import delta
from waybill.accounting.balance import balance
from waybill.accounting.books import open_books
from waybill.errors import LedgerConflict
from waybill.settings import Settings

_DOUBLES = """
select destination, event_name, {identity}, count(*) as times
from keys
group by destination, event_name, {identity}
having count(*) > 1
order by destination, event_name, {identity}
limit 20
"""

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


def audit(settings: Settings) -> list[str]:
    """Checks balance, digests of the delta files that are still there, identity, and the ledger's own sums.

    Returns one sentence per finding; an empty list means that every promise of accounting holds.
    """
    findings = [f"{report.destination}: {text}" for report in balance(settings) for text in report.breaks]
    books = open_books(settings)
    for identity, what in (("source_key", "source key"), ("dataset, event_id", "event_id")):
        for row in books.execute(_DOUBLES.format(identity=identity)).fetchall():
            findings.append(f"{row[0]}: {row[1]} {what} {row[-2]} is enrolled {row[-1]} times")
    findings += [f"{row[0]} was enrolled after a file that the ledger does not know" for row in _all(books, _CHAIN)]
    findings += [
        f"batch {row[0]} of {row[1]} says {row[2]} events but names {row[3]} rows" for row in _all(books, _LEAVES)
    ]
    digests = {row[0]: row[1] for row in _all(books, "select file_id, sha256 from files")}
    for destination in settings.destinations:
        for file in delta.frozen(settings.home, destination):
            if not file.path.exists() and file.file_id not in digests:
                continue
            try:
                file.verify()
            except LedgerConflict as conflict:
                findings.append(str(conflict))
            if digests.get(file.file_id, file.sha256) != file.sha256:
                findings.append(f"{file.sidecar_path} names another digest than the ledger")
    return findings


def _all(books: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return books.execute(query).fetchall()
