"""Recovery: what a deliverer left as ``sending`` when it ended without a word."""

from datetime import datetime

from sqlalchemy import Connection, update

from waybill.delivery import queries, schema, settlement


def recover(connection: Connection, destination: str, now: datetime, lease_time: datetime | None = None) -> int:
    """Makes unknown what was being sent by a deliverer that is no more; returns how many events that are.

    Without ``lease_time`` nobody else can be sending. With it (the ledger's time) a deliverer may be, on any machine,
    and counts as gone for those batches whose lease has run out.
    """
    left = [
        batch
        for batch in queries.batches_in(connection, destination, "sending")
        if lease_time is None or batch.lease_until is None or batch.lease_until <= lease_time
    ]
    why = "the run ended before the answer" if lease_time is None else "the lease ran out before the answer"
    table = schema.attempts
    for batch in left:
        connection.execute(
            update(table)
            .where(table.c.batch_id == batch.batch_id, table.c.outcome.is_(None))
            .values(outcome="unknown", reason=why, ended_at=now)
        )
        settlement.put_back(connection, batch, None, lost=True, take_away=True)
    return sum(batch.events for batch in left)
