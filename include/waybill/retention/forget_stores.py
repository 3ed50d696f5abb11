"""Erasure in the two databases, the ledger and the warehouse file; and what steps that were killed left behind."""

import shutil
from collections import Counter
from dataclasses import replace

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, select, update

from waybill import builds
from waybill.clock import from_text
from waybill.declared import SourceSettings
from waybill.delivery import actions, entries, queries, recovery, recut, schema
from waybill.delivery.ledger import Ledger
from waybill.delivery.queries import HELD
from waybill.delivery.recut import Change
from waybill.errors import SourceUnavailable
from waybill.files import left_aside, written_aside
from waybill.home import Home
from waybill.retention.forget_find import as_sent, tables_of
from waybill.retention.forget_journal import Journal
from waybill.settings import Settings
from waybill.tombstones import Sieve, Tombstones
from waybill.warehouse.build import open_warehouse, publish_totals

VERB = "forget"


def erase_from_ledger(settings: Settings, ledger: Ledger, journal: Journal) -> None:
    """Withdraws what waits, holds what may have arrived, gives every exception its new names, and notes the action.

    One transaction, so that an erasure which is continued finds all of it done or nothing. It looks again at what
    another machine has done to the events since they were listed: SourceUnavailable, and nothing is erased yet, while
    it is sending one.
    """
    now = from_text(journal.at)
    because = f"erased by {journal.author.who}: {journal.author.because}"
    with ledger.transaction() as connection:
        is_noted = is_begun(connection, journal)
        if not is_noted:
            _look_again(settings, ledger, connection, journal)
        changes = []
        for one in entries.standing(connection, journal.entries):
            if one.state == "pending":
                changes.append(Change(one, "withdrawn", because))
            elif one.state == "unknown" and not one.reason.startswith(f"{HELD}erased by"):
                changes.append(Change(one, "unknown", f"{HELD}{because}"))
        recut.apply(connection, changes, VERB, now)
        _rename(connection, journal)
        if not is_noted:
            events = Counter(event.destination for event in journal.events)
            for destination in settings.destinations:
                actions.note(connection, journal.author, VERB, destination, events[destination], now)


def _look_again(settings: Settings, ledger: Ledger, connection: Connection, journal: Journal) -> None:
    """Brings the list of what was sent up to date. What a deliverer left whose lease ran out is unknown, as ever."""
    if ledger.place.is_shared:
        for destination in settings.destinations:
            recovery.recover(connection, destination, settings.clock.now(), ledger.place.time(connection))
    standing = entries.standing(connection, journal.entries)
    if any(one.batch.state == "sending" for one in standing):
        raise SourceUnavailable(
            "An event of the person is being sent, or was when a delivery was interrupted, so nothing was erased yet, "
            "and nothing else begins here. A minute from now, run `waybill ledger forget --resume`."
        )
    now = as_sent(connection, standing)  # in the order of the list: it was made of the same events
    events = [replace(old, sent_at=new.sent_at, state=new.state) for old, new in zip(journal.events, now, strict=True)]
    if events != journal.events:
        journal.events = events
        journal.save(settings.home)


def bind(ledger: Ledger, digests: dict[str, str]) -> None:
    """Takes over the digests of delta files that were rewritten, and leaves nothing of old rows in the ledger."""
    table = schema.files
    with ledger.transaction() as connection:
        for file_id, sha256 in digests.items():
            connection.execute(update(table).where(table.c.file_id == file_id).values(sha256=sha256))
    ledger.vacuum()


def _rename(connection: Connection, journal: Journal) -> None:
    table = schema.exceptions
    for entry in journal.entries:
        here = (table.c.file_id == entry.file_id, table.c.row_number == entry.row_number)
        connection.execute(update(table).where(*here).values(source_key=entry.source_key, event_id=entry.event_id))


def is_begun(connection: Connection, journal: Journal) -> bool:
    """Whether the ledger has noted the erasure, before which no store is changed."""
    table = schema.actions
    here = (table.c.verb == VERB, table.c.at == from_text(journal.at))
    return connection.execute(select(table.c.action_id).where(*here)).first() is not None


def refuse_while_sent(ledger: Ledger, settings: Settings, wanted: list[entries.Entry]) -> None:
    """SourceUnavailable while an event of the person is being sent, or anything is by another machine."""
    with ledger.transaction() as connection:
        own = {one.batch.batch_id for one in entries.standing(connection, wanted)}
        for destination in settings.destinations:
            sending = queries.batches_in(connection, destination, "sending")
            if any(ledger.place.is_shared or batch.batch_id in own for batch in sending):
                raise SourceUnavailable(
                    f"Events are being sent to {destination}, or were when a delivery was interrupted, so nothing was "
                    "erased. Wait for it, or run `waybill deliver`, which makes them unknown; then run this again."
                )


def erase_from_warehouse(settings: Settings, journal: Journal, known: Tombstones) -> None:
    """Deletes the person's rows from every table of the warehouse file, and writes the file anew without them.

    Deleted rows stay in a DuckDB file's free blocks, so the old file goes. The next build goes on from the new one.
    """
    home = settings.home
    if not home.warehouse_file.exists():
        return
    with written_aside(home.warehouse_file) as aside, open_warehouse(home) as warehouse:
        _register(warehouse, journal, known)
        for table, columns in tables_of(warehouse, home.warehouse_file.stem).items():
            condition = _condition(settings, known, columns)
            if condition is not None:
                warehouse.execute(f"delete from {table} where {condition}")  # noqa: S608 - quoted names
        publish_totals(warehouse, settings, builds.next_number(home) - 1)
        warehouse.execute(f"attach '{str(aside).replace(chr(39), chr(39) * 2)}' as fresh")
        warehouse.execute(f"copy from database {home.warehouse_file.stem} to fresh")
        warehouse.execute("detach fresh")
    home.warehouse_file.with_suffix(".duckdb.wal").unlink(missing_ok=True)


def _register(warehouse: duckdb.DuckDBPyConnection, journal: Journal, known: Tombstones) -> None:
    entities = [(source, table, key) for source, table, key in journal.entities]
    columns = [list(column) for column in zip(*entities, strict=True)] if entities else [[], [], []]
    names = ("erased_source", "erased_entity", "erased_entity_key")
    warehouse.register(
        "erased_entities", pa.table({n: pa.array(c, type=pa.string()) for n, c in zip(names, columns, strict=True)})
    )
    warehouse.register("erased_keys", pa.table({"erased_key": pa.array(list(journal.tokens), type=pa.string())}))
    warehouse.register("erased", pa.table({"digest": pa.array(sorted(known.digests), type=pa.string())}))


def _condition(settings: Settings, known: Tombstones, columns: list[str]) -> str | None:
    """What is the person's in a table of the warehouse: by candidate, by entity, or as the declared tables tell."""
    if "source_key" in columns:
        return "source_key in (from erased_keys)"
    if {"entity", "entity_key"} <= set(columns):
        return "(entity, entity_key) in (select (erased_entity, erased_entity_key) from erased_entities)"
    parts = [
        condition
        for name, source in settings.sources.items()
        for condition in _declared(name, source, known, columns)
        if condition
    ]
    return " or ".join(f"({part})" for part in parts) or None


def _declared(name: str, source: SourceSettings, known: Tombstones, columns: list[str]) -> list[str | None]:
    with Sieve(name, source, known) as sieve:
        conditions = [sieve.condition(table, columns) for table in source.tables]
    keys = [
        f"erased_source = '{name}' and erased_entity = '{table}' and erased_entity_key = "
        f"concat_ws('/', {', '.join(own.key)})"
        for table, own in source.tables.items()
        if set(own.key) <= set(columns)
    ]
    return [*conditions, *(f"exists (from erased_entities where {key})" for key in keys)]


def clear_leftovers(home: Home) -> None:
    """Removes what killed steps left, and logs and results of dbt, in which a failed test may quote a row."""
    for path in [*left_aside(home.root), *home.delta.rglob("*.erased"), home.build / "target" / "run_results.json"]:
        if path.is_file():
            path.unlink(missing_ok=True)
    for folder in [home.build / "logs", home.build / "tmp", home.build / "scratch", *home.build.glob("diff-*")]:
        shutil.rmtree(folder, ignore_errors=True)
