"""Explaining one order, lead or event across all stages: landed, decided, judged, enrolled, sent, answered."""

from dataclasses import dataclass
from typing import Any

import duckdb

from waybill.accounting.books import open_books, render
from waybill.errors import ConfigurationError
from waybill.settings import Settings

_FOUND = """
select *
from placed
where
    entity_key = $wanted
    or event_id = $wanted
    or source_key = $wanted
order by destination, event_kind, source_key
"""

_ATTEMPTS = """
with recursive lineage as (
    select batch_id, parent_batch_id
    from batches
    where batch_id = $batch_id

    union all

    select parents.batch_id, parents.parent_batch_id
    from lineage
    inner join batches as parents
        on lineage.parent_batch_id = parents.batch_id
)

select
    attempts.attempt_id, attempts.batch_id, attempts.started_at, attempts.ended_at, attempts.outcome,
    attempts.http_status, attempts.code, attempts.subcode, attempts.trace_id, attempts.reason,
from attempts
inner join lineage using (batch_id)
order by attempts.attempt_id
"""

_EXCEPTIONS = """
select state, reason, created_at
from exceptions
where file_id = $file_id and row_number = $row_number
order by exception_id
"""

_HISTORY = """
select verdict, reasons, built_at, removed
from candidates
where destination = $destination and event_kind = $event_kind and source_key = $source_key
order by build_seq
"""

_CHANGES = """
select
    event_id, event_id_now, value, value_now, currency, currency_now, occurred_at, occurred_at_now, dataset,
    dataset_now, verdict_now, changed_at,
from changes
where destination = $destination and event_name = $event_name and source_key = $source_key
order by changed_at
"""


@dataclass(frozen=True)
class Explanation:
    """One candidate's way: where it stands now, why, and everything that happened on the way."""

    placed: dict[str, Any]
    history: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    exceptions: list[dict[str, Any]]
    changes: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        return {
            **self.placed,
            "history": self.history,
            "attempts": self.attempts,
            "exceptions": self.exceptions,
            "changed_after_enrolment": self.changes,
        }


def explain(settings: Settings, wanted: str) -> list[Explanation]:
    """Everything known of an order, a lead or an event_id; ConfigurationError when no store has heard of it.

    A key that landed after the last build has no candidate yet: the message says so.
    """
    books = place_candidates(settings)
    found = rows(books, _FOUND, wanted=wanted)
    if not found:
        raise ConfigurationError(
            f"{wanted!r} is no order, lead, source key or event_id among the candidates in {settings.home_root}. If it "
            "is new, run `waybill extract` and `waybill build`; otherwise check the key in the warehouse."
        )
    return [_explain(books, placed) for placed in found]


def place_candidates(settings: Settings) -> duckdb.DuckDBPyConnection:
    """The books with one more table, ``placed``: every candidate and where it is now."""
    books = open_books(settings)
    relations = {name: name for name in ("candidates", "gate", "judged", "keys", "batches", "exceptions")}
    ctes = render(settings, "placed_candidates_ctes", **relations)
    books.execute(f"create table placed as with {ctes} select * from placed_candidates")  # noqa: S608 - the project's SQL
    return books


def _explain(books: duckdb.DuckDBPyConnection, placed: dict[str, Any]) -> Explanation:
    identity = {name: placed[name] for name in ("destination", "event_kind", "source_key")}
    sent = {
        "destination": placed["destination"],
        "event_name": placed["event_name"],
        "source_key": placed["source_key"],
    }
    is_enrolled = placed["file_id"] is not None
    return Explanation(
        placed=placed,
        history=rows(books, _HISTORY, **identity),
        attempts=rows(books, _ATTEMPTS, batch_id=placed["batch_id"]) if is_enrolled else [],
        exceptions=rows(books, _EXCEPTIONS, file_id=placed["file_id"], row_number=placed["row_number"])
        if is_enrolled
        else [],
        changes=rows(books, _CHANGES, **sent),
    )


def rows(books: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries, times as ISO text."""
    cursor = books.execute(query, parameters)
    names = [column[0] for column in cursor.description or []]
    return [
        {
            name: value.isoformat() if hasattr(value, "isoformat") else value
            for name, value in zip(names, row, strict=True)
        }
        for row in cursor.fetchall()
    ]
