"""The audit: everything that must hold between the stores, checked from the files themselves; names what breaks it.

``audit_batches`` and ``audit_exceptions`` hold the invariants of the ledger, ``audit_files`` looks at delta files and
keys, ``audit_published`` at what was given back to people and at what landed.
"""

import duckdb

from waybill.accounting import audit_files, audit_published, invariants
from waybill.accounting.audit_batches import BATCHES
from waybill.accounting.audit_exceptions import EXCEPTIONS, NAMES
from waybill.accounting.balance import balance
from waybill.accounting.books import open_books
from waybill.delivery.ledger import Ledger
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


def audit(settings: Settings) -> list[str]:
    """Checks key files, balance, identity, the ledger in itself, delta files, what is published, and what landed.

    Returns one sentence per finding; an empty list means that every promise of accounting holds. Damaged key files are
    the only findings where there are any: nothing can be added up without them.
    """
    damaged = audit_files.damaged_keys(settings)
    if damaged:
        return damaged
    home = settings.home
    # What may be behind is read first, so that a step which is at work meanwhile contradicts nothing.
    snapshot, totals = audit_published.snapshot(home), audit_published.totals(home)
    with Ledger.open_readonly(home) as ledger:
        tables = invariants.read(ledger)
        books = open_books(settings)
        findings = [f"{report.destination}: {text}" for report in balance(settings) for text in report.breaks]
        findings += _doubles(books)
        findings += [
            f"{row[0]} was enrolled after a file that the ledger does not know"
            for row in books.execute(_CHAIN).fetchall()
        ]
        findings += invariants.contradictions(tables, (*BATCHES, *EXCEPTIONS, *NAMES), home)
        findings += audit_files.undigested_keys(settings, ledger)
        findings += audit_files.delta_findings(settings, ledger)
    findings += audit_published.snapshot_findings(home, snapshot, tables)
    findings += audit_published.verdict_findings(settings, books, totals)
    return findings + audit_published.landing_findings(settings, books)


def _doubles(books: duckdb.DuckDBPyConnection) -> list[str]:
    findings: list[str] = []
    for identity, condition, what in _IDENTITIES:
        for row in books.execute(_DOUBLES.format(identity=identity, condition=condition)).fetchall():
            findings.append(f"{row[0]}: {row[1]} {what} {row[-2]} is enrolled {row[-1]} times")
    return findings
