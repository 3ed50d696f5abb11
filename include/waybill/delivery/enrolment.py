"""Enrolment: the newest delta file, with what its gate passed, becomes batches in one small transaction.

``plan`` looks and refuses; ``enrol`` writes. Nothing is written for a file that is refused. Of a closed file nothing is
enrolled, unless a person has opened it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection, insert

from waybill import tombstones
from waybill.clock import to_text
from waybill.delivery import actions, queries, ranges, repeats, schema
from waybill.delivery.cutting import NewBatch, cut
from waybill.delivery.payloads import moment
from waybill.delivery.queries import FileRow
from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict
from waybill.home import Home
from waybill.quality import approvals, decisions
from waybill.quality.approvals import Approval
from waybill.quality.decisions import Decision


@dataclass(frozen=True)
class Plan:
    """A delta file that may be enrolled, and how."""

    delta: DeltaFile
    decision: Decision
    approval: Approval | None
    left_out: int
    """Rows that are quarantined, and of an opened file also those that the newest build no longer has as they were."""
    batches: Sequence[NewBatch]

    @property
    def events(self) -> int:
        return self.delta.rows - self.left_out

    @property
    def past_expiry(self) -> int:
        return sum(ranges.count(batch.row_ranges) for batch in self.batches if batch.past_expiry)


def plan(
    home: Home, newest: DeltaFile, enrolled: Sequence[FileRow], batch_size: int, request_bytes: int, now: datetime
) -> Plan | str:
    """How to enrol the newest delta file, or the closed one that a person opened; or why nothing can be enrolled now.

    ``enrolled`` is the destination's chain. Raises LedgerConflict when a file, its decision, its approval or its gate
    file is missing or damaged, when the ledger does not know the file it was frozen after, or when it repeats what
    was enrolled.
    """
    why_not = _why_not(newest, enrolled)
    if why_not is None:
        return _too_soon(newest, now) or _planned(home, newest, None, set(), batch_size, request_bytes)
    opened = approvals.newest_opened(home, newest.destination, enrolled[-1].file_id if enrolled else "")
    if opened is None:
        return why_not
    judged = decisions.read(newest)
    if judged is None:  # what is quarantined there is left out of the opened file, too
        return f"{opened.file_id} was opened, but the gate has not judged {newest.file_id} yet; run `waybill gate`"
    if too_soon := _too_soon(opened, now):
        return too_soon
    changed = _changed_since(opened, newest, judged) if opened.file_id != newest.file_id else set()
    planned = _planned(home, opened, approvals.read(opened), changed, batch_size, request_bytes)
    if planned.events == 0:
        return f"{opened.file_id} was opened, but nothing of it is still to be sent as it was; {why_not}"
    return planned


def _why_not(delta: DeltaFile, enrolled: Sequence[FileRow]) -> str | None:
    """Why a delta file is passed over now (an empty text: there is nothing to say), or None: its gate is open."""
    known = [file.file_id for file in enrolled]
    if delta.file_id in known:
        _same_file(delta, next(file for file in enrolled if file.file_id == delta.file_id))
        return ""
    if delta.after not in ["", *known]:
        raise LedgerConflict(
            f"The delta file {delta.file_id} was frozen after {delta.after}, which the ledger does not hold: the "
            "ledger is older than what was sent. Restore the newest ledger before anything more is sent."
        )
    if delta.after != (known[-1] if known else ""):
        return f"{delta.file_id} was frozen before {known[-1]} was enrolled; the next build freezes its rows again"
    if delta.rows == 0:
        return ""
    decision = decisions.read(delta)
    if decision is None:
        return f"the gate has not judged {delta.file_id} yet; run `waybill gate`"
    if not decision.is_open:
        return f"the gate closed {delta.file_id}; nothing of it is enrolled"
    return None


def _too_soon(delta: DeltaFile, now: datetime) -> str:
    """Why a file that was frozen by a clock that ran ahead is passed over, or '': its wrong expiries would be kept."""
    if not (delta.past_expiry and delta.frozen_at > now):
        return ""
    delta.verify()
    table = pq.read_table(delta.path, columns=["past_expiry", "expires_at"])
    alive = table.filter(pc.and_(table["past_expiry"], pc.greater(table["expires_at"], pa.scalar(now)))).num_rows
    if not alive:
        return ""
    return (
        f"{delta.file_id} was frozen by a clock that ran ahead ({to_text(delta.frozen_at)}): it takes {alive} events "
        "for expired that are not, and nothing of it is enrolled; run `waybill build`, which freezes its rows again"
    )


def _planned(
    home: Home, delta: DeltaFile, approval: Approval | None, changed: set[int], batch_size: int, request_bytes: int
) -> Plan:
    decision = decisions.read(delta)
    if decision is None or not (decision.is_open or (approval is not None and approval.opened)):
        raise LedgerConflict(f"{delta.file_id} is neither open nor opened by a person any more. Run `waybill gate`.")
    delta.verify()
    left_out = changed.union(_quarantined(delta, decision))
    repeats.refuse(home, delta, sorted(left_out))
    batches = list(cut(delta, frozenset(left_out), batch_size, request_bytes))
    return Plan(delta, decision, approval, len(left_out), batches)


def enrol(connection: Connection, home: Home, plan: Plan, now: datetime) -> bool:
    """Writes the file and its batches; False when another deliverer has enrolled since it was planned.

    LedgerConflict when an erasure began meanwhile: it knows the events of what was enrolled before.
    """
    tombstones.refuse_unfinished(home)
    delta = plan.delta
    chain = queries.files(connection, delta.destination)
    if delta.after != (chain[-1].file_id if chain else ""):
        return False
    connection.execute(
        insert(schema.files).values(
            file_id=delta.file_id,
            destination=delta.destination,
            build_id=delta.build_id,
            path=delta.path.relative_to(home.root).as_posix(),
            sha256=delta.sha256,
            rows=delta.rows,
            enrolled_rows=plan.events,
            quarantined_rows=plan.left_out,
            frozen_at=delta.frozen_at,
            enrolled_at=now,
            after_file_id=delta.after,
            suite_version=plan.decision.suite_version,
        )
    )
    rows = [
        {
            "file_id": delta.file_id,
            "destination": delta.destination,
            "dataset": batch.dataset,
            "row_ranges": batch.row_ranges,
            "events": ranges.count(batch.row_ranges),
            "state": "expired" if batch.past_expiry else "pending",
            "reason": batch.reason or None,
            "expires_at": moment(batch.expires_at),
            "attempts": 0,
            "settled_at": now if batch.past_expiry else None,
        }
        for batch in plan.batches
    ]
    if rows:
        connection.execute(insert(schema.batches), rows)
    if plan.approval is not None:
        author = actions.Author(who=plan.approval.who, because=plan.approval.because)
        actions.note(connection, author, "open", delta.destination, plan.events, plan.approval.moment)
    return True


def _same_file(delta: DeltaFile, enrolled: FileRow) -> None:
    if delta.sha256 != enrolled.sha256:
        raise LedgerConflict(
            f"{delta.sidecar_path} describes another file than the one that was enrolled as {delta.file_id}. Restore "
            "it from a backup."
        )


def _quarantined(delta: DeltaFile, decision: Decision) -> list[int]:
    """The row numbers that the gate refused; ``decisions.read`` has verified that its file is whole."""
    table = pq.read_table(delta.gate_path, columns=["row_number", "state"])
    rows: list[int] = table.filter(pc.equal(table["state"], "quarantined"))["row_number"].to_pylist()
    inside = not rows or (min(rows) >= 0 and max(rows) < delta.rows)
    if not (inside and len(rows) == len(set(rows)) == decision.quarantined):
        raise LedgerConflict(
            f"{delta.decision_path} counts {decision.quarantined} quarantined events, and {delta.gate_path} names "
            f"{len(set(rows))}. Delete the decision and run `waybill gate` again."
        )
    return rows


_CHANGED = """
select opened.row_number
from read_parquet($opened) as opened
anti join (
    select event_name, source_key, payload_digest, dataset, expires_at, value, currency
    from read_parquet($newest)
    anti join quarantined using (row_number)
) as newest
    on opened.event_name = newest.event_name
    and opened.source_key = newest.source_key
    and opened.payload_digest = newest.payload_digest
    and opened.dataset is not distinct from newest.dataset
    and opened.expires_at is not distinct from newest.expires_at
    and opened.value is not distinct from newest.value
    and opened.currency is not distinct from newest.currency
"""


def _changed_since(opened: DeltaFile, newest: DeltaFile, judged: Decision) -> set[int]:
    """The rows of an opened file that the newest build does not have as they were: withdrawn, changed, or quarantined.

    A person opens what was looked at; what is new since is judged with the next file.
    """
    newest.verify()
    quarantined = _quarantined(newest, judged)
    with duckdb.connect() as connection:
        connection.register("quarantined", pa.table({"row_number": pa.array(quarantined, type=pa.int64())}))
        found = connection.execute(_CHANGED, {"opened": str(opened.path), "newest": str(newest.path)}).fetchall()
    return {row for (row,) in found}
