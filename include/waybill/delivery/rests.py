"""Rests that a platform asked for: every deliverer leaves the dataset alone until they are over.

They belong to the dataset and not to batches, so that they hold for what is enrolled, split or answered meanwhile.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from waybill.clock import Clock
from waybill.delivery import queries, schema


def ask(connection: Connection, destination: str, dataset: str, seconds: float, clock: Clock) -> None:
    """Notes that a dataset wants to be left alone for so long; a longer rest that is in force stays."""
    table, now = schema.rests, clock.now()
    until = max(now + timedelta(seconds=seconds), in_force(connection, destination, clock).get(dataset, now))
    connection.execute(delete(table).where(table.c.destination == destination, table.c.dataset == dataset))
    connection.execute(insert(table).values(destination=destination, dataset=dataset, asked_at=now, rests_until=until))


def in_force(connection: Connection, destination: str, clock: Clock) -> dict[str, datetime]:
    """Dataset → until when it is left alone, for those that are.

    Where the clock stands still nothing is ever later, so nothing rests. What was asked for in the future, and not just
    by a machine whose clock is a little ahead, was noted by a clock that was put right since, and counts no more.
    """
    if clock.fixed_at is not None:
        return {}
    table, now = schema.rests, clock.now()
    query = select(table.c.dataset, table.c.rests_until).where(
        table.c.destination == destination, table.c.asked_at <= now + queries.SKEW, table.c.rests_until > now
    )
    return {row.dataset: row.rests_until for row in connection.execute(query)}


def all_of(connection: Connection, destination: str, clock: Clock) -> dict[str, datetime]:
    """Dataset → until when something of it is left alone: as the platform asked, or after failures of its batches."""
    found = in_force(connection, destination, clock)
    for batch in queries.batches_in(connection, destination, *queries.WAITING):
        if batch.not_before is not None and batch.is_resting(clock):
            found[batch.dataset] = max(batch.not_before, found.get(batch.dataset, batch.not_before))
    return dict(sorted(found.items()))


def end(connection: Connection, destination: str) -> None:
    """Ends every rest of a destination, those of its batches too."""
    batches = schema.batches
    connection.execute(delete(schema.rests).where(schema.rests.c.destination == destination))
    waiting = batches.c.destination == destination, batches.c.state.in_(queries.WAITING)
    connection.execute(update(batches).where(*waiting).values(not_before=None))


def sentences(resting: Mapping[str, datetime], datasets: Iterable[str]) -> list[str]:
    """What a delivery says of the datasets for which something waits."""
    return [
        f"the platform wants dataset {name!r} left alone until {resting[name]:%Y-%m-%d %H:%M} UTC"
        for name in sorted(resting.keys() & set(datasets))
    ]
