"""Finding all that belongs to one person: rows that landed, candidates, and every event that was sent for them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, select

from waybill.clock import to_text
from waybill.delivery import entries, schema
from waybill.delivery.entries import Entry, Standing
from waybill.delivery.ledger import Ledger
from waybill.errors import SourceUnavailable
from waybill.events import key_in_source_key
from waybill.home import Home
from waybill.settings import Settings
from waybill.tombstones import Sieve, Tombstones
from waybill.warehouse.macros import key_as_built

OF_ENTITY = "array_to_string(string_split(source_key, '/')[1:3], '/')"
"""The SQL of a source key without its part: <source>/<entity>/<key>."""


@dataclass(frozen=True)
class Person:
    """A key of a table whose rows are people."""

    source: str
    table: str
    key: str

    def __str__(self) -> str:
        return f"{self.source}.{self.table} {self.key}"

    def is_meant(self, key: str, table: str | None) -> bool:
        """Whether somebody who names a key, and perhaps its table, may mean this person."""
        return self.key == key and table in (None, self.table, f"{self.source}.{self.table}")


@dataclass(frozen=True)
class Sent:
    """An event that was enrolled for the person, with what the platform knows it by.

    ``sent_at`` is when the first request with it began, whatever was answered; None: it was in none.
    """

    destination: str
    dataset: str
    event_name: str
    event_id: str | None
    source_key: str
    occurred_at: str
    sent_at: str | None
    state: str


@dataclass
class Found:
    """What belongs to a person: tombstones to leave, entities (source, table, key), source keys, ids, places."""

    tombstones: Tombstones
    rows: Counter[str] = field(default_factory=Counter)
    entities: set[tuple[str, str, str]] = field(default_factory=set)
    event_ids: dict[str, set[str]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    events: list[Sent] = field(default_factory=list)


def find(settings: Settings, person: Person, known: Tombstones) -> Found:
    """Everything of a person, by their key alone; reads all stores and changes none."""
    key = settings.sources[person.source].tables[person.table].key[0]
    found = Found(Tombstones(known.salt, frozenset({known.of(person.source, person.table, key, person.key)})))
    sweep(settings, person.source, found)
    if found.entities:
        _candidates(settings.home, found)
    if found.event_ids:
        _events(settings, found)
    return found


def sweep(settings: Settings, source_name: str, found: Found) -> None:
    """Follows the links from the tombstones to every row that landed, or that the warehouse still has of it.

    A name that is found in one file makes rows of others found, so a table is read until nothing new is learnt.
    """
    source = settings.sources[source_name]

    def as_built(key: str) -> str:
        return key_as_built(settings.dbt_project_dir, (key,))

    with Sieve(source_name, source, found.tombstones, as_built) as sieve:
        warehouse = _warehouse_tables(sieve.db, settings.home)
        for table in source.people_first():
            declared = source.tables[table]
            files = sorted(str(path) for path in (settings.home.landing / source_name / table).glob("*.parquet"))
            places = [(landed(files), list(declared.columns), True)] if files else []
            places += [
                (name, has, False)
                for name, has in warehouse.items()
                if {*declared.key, *source.names_of(table)} <= {*has}
            ]
            wanted = ", ".join(f'"{name}"' for name in {*declared.key, *source.names_of(table)})
            key = key_as_built(settings.dbt_project_dir, tuple(f"cast({name} as varchar)" for name in declared.key))
            learnt, counted = 1, Counter[str]()
            while learnt:
                learnt, counted = 0, Counter[str]()
                for place, columns, has_landed in places:
                    condition = sieve.condition(table, columns)
                    if condition is None:
                        continue
                    _take(sieve.db, f"select {wanted} from {place} where {condition}")  # noqa: S608 - quoted names
                    learnt += sieve.learn_from(table, "found", columns)
                    keys = sieve.db.execute(f"select {key}, count(*) from found group by all").fetchall()  # noqa: S608
                    found.entities |= {(source_name, table, str(one)) for one, _ in keys}
                    counted[f"landing {table}"] += sum(count for _, count in keys) if has_landed else 0
            found.rows += counted
        found.tombstones = sieve.tombstones


def _take(db: duckdb.DuckDBPyConnection, query: str) -> None:
    try:
        db.execute(f"create or replace temp table found as {query}")
    except duckdb.Error as error:
        raise SourceUnavailable(
            f"A file that a person's rows are looked for in cannot be read ({type(error).__name__}), so nothing was "
            "erased. Run `waybill build`, which names a damaged landing file, and then this again."
        ) from None


def landed(files: Sequence[str]) -> str:
    """Parquet files as SQL that stands where a table's name may."""
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    return f"read_parquet([{listed}], union_by_name = true)"


def _warehouse_tables(db: duckdb.DuckDBPyConnection, home: Home) -> dict[str, list[str]]:
    """The tables of the warehouse file, by quoted name, with their columns: landing files may be gone by now."""
    if not home.warehouse_file.exists():
        return {}
    try:
        db.execute(f"attach '{str(home.warehouse_file).replace(chr(39), chr(39) * 2)}' as warehouse (read_only)")
    except duckdb.Error as error:
        raise SourceUnavailable(
            f"{home.warehouse_file} cannot be opened ({type(error).__name__}). Close what holds it and run this again; "
            "if it is damaged, delete it and run `waybill build` first."
        ) from None
    return tables_of(db, "warehouse")


def tables_of(db: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    """The tables (not the views) of a database, by their quoted names, with their columns."""
    rows = db.execute(
        "select database_name, schema_name, table_name, list(column_name order by column_index) "
        "from duckdb_columns() semi join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = $database and not internal group by all",
        {"database": database},
    ).fetchall()
    return {".".join(f'"{part}"' for part in row[:3]): row[3] for row in rows}


def stores(home: Home) -> Iterator[list[Path]]:
    """The Parquet files of ours that name events, in groups of one folder and one kind."""
    folders = {path.parent for root in (home.published, home.delta) for path in root.rglob("*.parquet")}
    for folder in sorted(folders):
        files = sorted(folder.glob("*.parquet"))
        for is_withdrawals in (False, True):
            kind = [path for path in files if path.name.endswith(".withdrawals.parquet") is is_withdrawals]
            if kind and "source_key" in pq.read_schema(kind[0]).names:
                yield kind


def _candidates(home: Home, found: Found) -> None:
    """Every source key of the person's rows in any store, and the ids that it went by."""
    prefixes = sorted(f"{source}/{table}/{key_in_source_key(key)}" for source, table, key in found.entities)
    with duckdb.connect() as db:
        db.register("prefixes", pa.table({"prefix": pa.array(prefixes, type=pa.string())}))
        for files in stores(home):
            ids = [name for name in pq.read_schema(files[0]).names if name in ("event_id", "event_id_now")]
            rows = db.execute(
                f"select source_key, list_distinct(flatten(list([{', '.join(ids)}]))), count(*) "  # noqa: S608 - our columns
                f"from {landed([str(file) for file in files])} where {OF_ENTITY} in (from prefixes) group by source_key"
            ).fetchall()
            for source_key, event_ids, count in rows:
                found.event_ids.setdefault(source_key, set()).update(one for one in event_ids if one)
                found.rows[str(files[0].parent.relative_to(home.root))] += count


def _events(settings: Settings, found: Found) -> None:
    """Every enrolled event of these source keys, and where it stands in the ledger."""
    found.entries = entries.of_source_keys(settings.home, sorted(found.event_ids))
    with Ledger.open_readonly(settings.home) as ledger, ledger.transaction() as connection:
        found.events = as_sent(connection, entries.standing(connection, found.entries))


def as_sent(connection: Connection, standing: Sequence[Standing]) -> list[Sent]:
    """What a person who passes an erasure on has to know of these events, by destination and time."""
    in_order = sorted(standing, key=lambda one: (one.entry.destination, one.entry.occurred_at))
    return [_sent(one, _ended_at(connection, one.entry)) for one in in_order]


def _ended_at(connection: Connection, entry: Entry) -> datetime | None:
    """When an event got a state of its own, apart from its batch; None where it has none."""
    table = schema.exceptions
    query = (
        select(table.c.created_at)
        .where(table.c.file_id == entry.file_id, table.c.row_number == entry.row_number)
        .order_by(table.c.exception_id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def _sent(one: Standing, ended_at: datetime | None) -> Sent:
    entry, batch = one.entry, one.batch
    sent_at = batch.first_attempt_at  # of the first batch that held it: those it was split into inherit it
    if sent_at and ended_at and ended_at <= sent_at and one.state in ("withdrawn", "expired"):
        sent_at = None  # it was left out of that request; what expires is set aside at the very moment of the claim
    return Sent(
        destination=entry.destination,
        dataset=entry.dataset,
        event_name=entry.event_name,
        event_id=entry.event_id,
        source_key=entry.source_key,
        occurred_at=to_text(entry.occurred_at),
        sent_at=to_text(sent_at) if sent_at else None,
        state=one.state,
    )
