"""Deadlines: how many events that wait, or are unknown, expire soon."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from waybill.delivery import queries, ranges
from waybill.delivery.payloads import OpenFiles, moment


def expiring(
    connection: Connection, files: OpenFiles, destination: str, now: datetime, within: timedelta
) -> tuple[int, datetime | None]:
    """How many pending and unknown events expire within this time, and when the first of them does."""
    found: list[int] = []
    for file in queries.files(connection, destination):
        if file.settled_at is not None or not files.hold(file.file_id):  # another deliverer tells of what it enrolled
            continue
        overrides = queries.overrides(connection, file.file_id)
        rows = [row for row, state in overrides.items() if state == "unknown"]
        for batch in queries.leaf_batches(connection, file.file_id):
            if batch.state in queries.WAITING and batch.expires_at <= now + within:
                rows += [row for row in ranges.rows(batch.row_ranges) if row not in overrides]
        if rows:
            held = files.take(file.file_id, ranges.of_rows(sorted(rows)))
            found += [row.expires_at for row in held if now < moment(row.expires_at) <= now + within]
    return len(found), moment(min(found)) if found else None


def warning(destination: str, events: int, first: datetime | None, hours: float) -> str:
    """What a person reads of it, and does."""
    return (
        f"{events} events of {destination} that are pending or unknown expire within {hours:g} hours, the first at "
        f"{first:%Y-%m-%d %H:%M} UTC; see in `waybill balance` and `waybill ledger show` what they wait for"
    )
