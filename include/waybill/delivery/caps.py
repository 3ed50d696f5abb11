"""The daily cap: at most so many events of a destination are sent per UTC day, counted from the ledger itself."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from waybill.delivery import recut, schema
from waybill.delivery.payloads import FrozenRow
from waybill.delivery.queries import BatchRow


def fit(
    connection: Connection, batch: BatchRow, live: Sequence[FrozenRow], cap: int | None, now: datetime
) -> tuple[BatchRow, Sequence[FrozenRow]]:
    """The part of a batch that may still be sent today, and its rows; none when the cap is reached.

    An event counts once a day, however often it is repeated. A batch that does not fit is split, and its second part
    waits.
    """
    if cap is None:
        return batch, live
    left, counted = room(connection, batch.destination, cap, now)
    if batch.batch_id in counted or len(live) <= left:
        return batch, live
    if left == 0:
        return batch, ()
    first = recut.cut(connection, batch, live[left].row_number, "daily_cap", now)
    return first, live[:left]


def room(connection: Connection, destination: str, cap: int, now: datetime) -> tuple[int, Collection[int]]:
    """How many more events may be sent today, and the leaf batches that cost nothing more because they were sent."""
    counted = _sent_on(connection, destination, now)
    return max(cap - sum(counted.values()), 0), counted.keys()


def reached(cap: int | None) -> str:
    """What a delivery says when it has left something for tomorrow."""
    return f"the daily cap of {cap} events is reached; what waits is sent from midnight UTC on"


def _sent_on(connection: Connection, destination: str, now: datetime) -> dict[int, int]:
    """Leaf batch → its events, for those that were in a request on this UTC day, themselves or in a parent."""
    table = schema.batches
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    columns = (table.c.batch_id, table.c.state, table.c.events)
    began = select(*columns).where(table.c.destination == destination, table.c.claimed_at >= midnight)
    sent = began.cte("sent", recursive=True)
    sent = sent.union(select(*columns).where(table.c.parent_batch_id == sent.c.batch_id))
    query = select(sent.c.batch_id, sent.c.events).where(sent.c.state != "split")
    return {row.batch_id: row.events for row in connection.execute(query)}
