"""What comes too late: an answer after its batch was taken away, a withdrawal while its event was being sent."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, literal, update

from waybill.delivery import queries, schema
from waybill.delivery.payloads import FrozenRow
from waybill.delivery.queries import HELD, BatchRow
from waybill.destinations.base import Accepted, Outcome, Partial, Unknown


def record_answer(connection: Connection, attempt_id: int, outcome: Outcome) -> None:
    """Keeps a late answer with its attempt, which stays unknown: whoever took the batch has acted on that."""
    table = schema.attempts
    said = f"; the answer came late: {outcome.name}" + (f" ({outcome.reason})" if outcome.reason else "")
    connection.execute(
        update(table)
        .where(table.c.attempt_id == attempt_id, table.c.outcome == "unknown")
        .values(reason=table.c.reason + literal(said), **asdict(outcome.receipt))
    )


def withdrawn_meanwhile(
    connection: Connection, batch: BatchRow, rows: Sequence[FrozenRow], outcome: Outcome, *, rejects: bool
) -> Iterator[tuple[FrozenRow, str, str]]:
    """Events that were withdrawn while they were being sent, each with the state and reason that the answer gives it.

    Until there is one they are unknown and held. What was taken is accepted, too late to be taken back; what was not
    taken is withdrawn, unless an earlier request may have brought it. ``rejects``: the answer ends the only event.
    """
    if isinstance(outcome, Unknown) or rejects:
        return
    newest = queries.newest_exceptions(connection, batch.file_id, within=batch.row_ranges)
    held = {row: exception.reason for row, exception in newest.items() if exception.is_held}
    for place, row in enumerate(rows):
        if row.row_number not in held or (isinstance(outcome, Partial) and place in outcome.rejected):
            continue
        refused = isinstance(outcome, Partial) and place in outcome.retry
        if isinstance(outcome, Accepted | Partial) and not refused:
            yield row, "accepted", "accepted while it was being taken back"
        elif batch.waiting_state == "pending":
            yield row, "withdrawn", held[row.row_number].removeprefix(HELD)
