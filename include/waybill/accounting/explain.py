"""Explaining one order, lead or event across all stages: landed, decided, judged, enrolled, sent, answered."""

from dataclasses import dataclass
from typing import Any

import duckdb

from waybill.accounting.books import has_books, open_books, render
from waybill.accounting.landed import Version, versions
from waybill.accounting.reasons import meanings
from waybill.builds import moment_and_number
from waybill.errors import ConfigurationError
from waybill.events import key_of_source_key
from waybill.settings import Settings
from waybill.warehouse.macros import key_as_asked

_FOUND = """
select *
from placed
where
    entity_key in (select unnest($keys))
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

_QUARANTINED = """
select min(gate.judged_at) as first_seen, max(gate.judged_at) as last_judged, any_value(judged.build_id) as newest_build
from gate
left join judged using (destination)
where
    gate.destination = $destination
    and gate.event_name = $event_name
    and gate.source_key = $source_key
    and gate.state = 'quarantined'
having count(*) > 0
"""

_APPROVALS = """
select approvals.file_id, approvals.opened, approvals.who, approvals.because, approvals.decided_at
from approvals
semi join gate
    on approvals.file_id = gate.file_id
    and gate.event_name = $event_name
    and gate.source_key = $source_key
    and gate.state = 'gated'
where approvals.destination = $destination
order by approvals.decided_at
"""


@dataclass(frozen=True)
class Explanation:
    """One candidate's way: where it stands now, why, and everything that happened on the way.

    What has landed but is no candidate yet (no build has read it) has the state ``landed`` and nothing else.
    """

    placed: dict[str, Any]
    landed: list[Version]
    history: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    exceptions: list[dict[str, Any]]
    quarantined: dict[str, str] | None
    approvals: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    meanings: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return {
            **self.placed,
            "landed": [version.as_json() for version in self.landed],
            "history": self.history,
            "attempts": self.attempts,
            "exceptions": self.exceptions,
            "quarantined": self.quarantined,
            "approvals": self.approvals,
            "changed_after_enrolment": self.changes,
            "meanings": self.meanings,
        }


def explain(settings: Settings, wanted: str) -> list[Explanation]:
    """Everything known of an order, a lead, a source key or an event_id, from its landing on.

    Raises ConfigurationError when neither a landing file nor a store has heard of it.
    """
    explanations: list[Explanation] = []
    keys = _keys_in(settings, wanted)
    if has_books(settings):
        books = place_candidates(settings)
        found = rows(books, _FOUND, wanted=wanted, keys=sorted(keys))
        landed = versions(settings, {*keys, *(placed["entity_key"] for placed in found)})
        sentences = meanings(settings)
        explanations = [_explain(books, placed, landed, sentences) for placed in found]
    else:
        landed = versions(settings, keys)
    explained = {_entity(explanation.placed) for explanation in explanations}
    waiting = [version for version in landed if _identity(version) not in explained]
    explanations += [_only_landed(key, waiting) for key in dict.fromkeys(map(_identity, waiting))]
    if not explanations:
        raise ConfigurationError(
            f"{wanted!r} is no order, lead, source key or event_id among the candidates in {settings.home_root}, and "
            "no landing file has it. If it is new, run `waybill extract`; otherwise check the key in the warehouse."
        )
    return explanations


def place_candidates(settings: Settings) -> duckdb.DuckDBPyConnection:
    """The books with one more table, ``placed``: every candidate and where it is now."""
    books = open_books(settings)
    relations = {name: name for name in ("candidates", "gate", "judged", "keys", "batches", "exceptions")}
    ctes = render(settings, "placed_candidates_ctes", **relations)
    books.execute(f"create table placed as with {ctes} select * from placed_candidates")  # noqa: S608 - the project's SQL
    return books


def _explain(
    books: duckdb.DuckDBPyConnection, placed: dict[str, Any], landed: list[Version], sentences: dict[str, str]
) -> Explanation:
    identity = {name: placed[name] for name in ("destination", "event_kind", "source_key")}
    sent = {name: placed[name] for name in ("destination", "event_name", "source_key")}
    row = {name: placed[name] for name in ("file_id", "row_number")}
    is_enrolled = placed["file_id"] is not None
    history = rows(books, _HISTORY, **identity)
    reasons = {reason for entry in history for reason in entry["reasons"] or []} | set(placed["gate_reasons"] or [])
    return Explanation(
        placed=placed,
        landed=[version for version in landed if _identity(version) == _entity(placed)],
        history=history,
        attempts=rows(books, _ATTEMPTS, batch_id=placed["batch_id"]) if is_enrolled else [],
        exceptions=rows(books, _EXCEPTIONS, **row) if is_enrolled else [],
        quarantined=_quarantined(books, placed, sent),
        approvals=rows(books, _APPROVALS, **sent),
        changes=rows(books, _CHANGES, **sent),
        meanings={reason: sentences[reason] for reason in sorted(reasons) if reason in sentences},
    )


def _quarantined(
    books: duckdb.DuckDBPyConnection, placed: dict[str, Any], sent: dict[str, Any]
) -> dict[str, str] | None:
    """When the gate first and last saw a row that it refuses: each build looks at it again and leaves it out."""
    for seen in rows(books, _QUARANTINED, **sent):
        still = placed["state"] == "quarantined" and seen["newest_build"]
        last_build = moment_and_number(seen["newest_build"])[0].isoformat() if still else ""
        return {"first_seen": seen["first_seen"], "last_seen": max(seen["last_judged"], last_build)}
    return None


def _only_landed(key: tuple[str, str, str], waiting: list[Version]) -> Explanation:
    source, entity, entity_key = key
    placed = {"source": source, "entity": entity, "entity_key": entity_key, "state": "landed"}
    return Explanation(
        placed, [version for version in waiting if _identity(version) == key], [], [], [], None, [], [], {}
    )


def _keys_in(settings: Settings, wanted: str) -> set[str]:
    """What was asked for as a key, and the key inside it where it is a source key; also as the build has named them."""
    keys = {wanted, key_of_source_key(wanted) or wanted}
    return keys | {key_as_asked(settings.dbt_project_dir, key) for key in keys}


def _identity(version: Version) -> tuple[str, str, str]:
    return version.source, version.table, version.key


def _entity(placed: dict[str, Any]) -> tuple[str, str, str]:
    return placed["source"], placed["entity"], placed["entity_key"]


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
