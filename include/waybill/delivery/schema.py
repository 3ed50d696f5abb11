"""The tables of the ledger. Times are ISO 8601 text in UTC, so text order is time order in every database.

There is no row per event: an enrolled event's state is that of its newest exception, else that of its leaf batch. The
leaf batches (all but the ``split`` ones) of a file hold each of its enrolled rows exactly once.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

from waybill import clock
from waybill.delivery import ranges
from waybill.events import BATCH_STATES


class Moment(TypeDecorator[datetime]):
    """A time in Python, fixed-width text in the database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        return None if value is None else clock.to_text(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return None if value is None else clock.from_text(value)


class RowRanges(TypeDecorator[ranges.Ranges]):
    """Rows of a delta file, as JSON text in the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: ranges.Ranges | None, dialect: Any) -> str | None:
        return None if value is None else ranges.to_text(value)

    def process_result_value(self, value: str | None, dialect: Any) -> ranges.Ranges | None:
        return None if value is None else ranges.from_text(value)


METADATA = MetaData()

files = Table(
    "files",
    METADATA,
    Column("file_id", String, primary_key=True),
    Column("destination", String, nullable=False),
    Column("build_id", String, nullable=False),
    Column("path", String, nullable=False),  # relative to the home, so that a home can be moved
    Column("sha256", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("enrolled_rows", Integer, nullable=False),
    Column("quarantined_rows", Integer, nullable=False),
    Column("frozen_at", Moment, nullable=False),
    Column("enrolled_at", Moment, nullable=False),
    Column("after_file_id", String, nullable=False),  # '' for the first: the files of a destination are a chain
    Column("suite_version", String, nullable=False),
    Column("settled_at", Moment),
    UniqueConstraint("destination", "after_file_id", name="files_are_a_chain"),
    CheckConstraint("rows = enrolled_rows + quarantined_rows", name="files_add_up"),
)

batches = Table(
    "batches",
    METADATA,
    Column("batch_id", Integer, primary_key=True, autoincrement=True),
    Column("file_id", ForeignKey("files.file_id"), nullable=False),
    Column("destination", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("row_ranges", RowRanges, nullable=False),
    Column("events", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("expires_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Moment),
    Column("unknown_since", Moment),  # start of the first attempt without an answer; kept, and inherited by children
    Column("first_attempt_at", Moment),
    Column("parent_batch_id", ForeignKey("batches.batch_id")),
    Column("claimed_at", Moment),
    Column("settled_at", Moment),
    Column("lease_owner", String),  # who is sending it
    Column("lease_token", Integer, nullable=False, server_default="0"),  # grows whenever it is claimed or taken away
    Column("lease_until", Moment),  # by the ledger's own clock; afterwards anybody may take it away
    CheckConstraint("state in ({})".format(", ".join(f"'{state}'" for state in BATCH_STATES)), name="batch_states"),
    Index("batches_by_state", "destination", "state"),
    Index("batches_by_file", "file_id"),
    sqlite_autoincrement=True,
)

attempts = Table(
    "attempts",
    METADATA,
    Column("attempt_id", Integer, primary_key=True, autoincrement=True),
    Column("batch_id", ForeignKey("batches.batch_id"), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", String),  # null while nobody knows: the intent, committed before a byte leaves
    Column("http_status", Integer),
    Column("code", Integer),
    Column("subcode", Integer),
    Column("trace_id", String),
    Column("events_received", Integer),
    Column("duration_ms", Integer),
    Column("request_bytes", Integer),
    Column("reason", String),
    Index("attempts_by_batch", "batch_id"),
    sqlite_autoincrement=True,
)

exceptions = Table(
    "exceptions",
    METADATA,
    Column("exception_id", Integer, primary_key=True, autoincrement=True),
    Column("file_id", ForeignKey("files.file_id"), nullable=False),
    Column("batch_id", ForeignKey("batches.batch_id"), nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("destination", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("event_name", String, nullable=False),
    Column("source_key", String, nullable=False),
    Column("event_id", String),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("attempt_id", ForeignKey("attempts.attempt_id")),
    Column("created_at", Moment, nullable=False),
    Index("exceptions_by_row", "file_id", "row_number"),
    sqlite_autoincrement=True,
)

withdrawals = Table(
    "withdrawals",
    METADATA,
    Column("destination", String, primary_key=True),
    Column("build_id", String, primary_key=True),
    Column("applied_at", Moment, nullable=False),
    Column("events", Integer, nullable=False),
)

actions = Table(
    "actions",  # what people did to the ledger, and why; only ever appended to
    METADATA,
    Column("action_id", Integer, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("who", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("destination", String, nullable=False),
    Column("because", String, nullable=False),
    Column("events", Integer, nullable=False),
    Index("actions_by_destination", "destination", "action_id"),
    sqlite_autoincrement=True,
)

rests = Table(
    "rests",  # datasets that a platform wants to be left alone: the newest word of it
    METADATA,
    Column("destination", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("asked_at", Moment, nullable=False),
    Column("rests_until", Moment, nullable=False),
)

schema_version = Table("schema_version", METADATA, Column("version", Integer, nullable=False))
