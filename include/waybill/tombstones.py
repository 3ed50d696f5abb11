"""Tombstones: what is left of people who were erased, so that extraction does not bring them back.

A tombstone is the salted SHA-256 of a name, ``<source>/<table>/<column>/<value>``: the person's key, and the keys by
which other tables mean the person's rows. Nobody can read a name from it; who knows a name can ask whether it is there.
A row is an erased person's when its own name is a tombstone, or the name that one of its links leads to.
"""

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from waybill.declared import PersonLink, SourceSettings
from waybill.errors import ConfigurationError, LedgerConflict
from waybill.files import written_aside
from waybill.home import Home

_SALT = b"waybill.salt"


@dataclass(frozen=True)
class Tombstones:
    """The salt of one home, and the digests of the names that were erased in it."""

    salt: str = field(default_factory=lambda: secrets.token_hex(16))
    digests: frozenset[str] = frozenset()

    def of(self, source: str, table: str, column: str, value: str) -> str:
        """The tombstone of one name."""
        return hashlib.sha256(f"{self.salt}/{source}/{table}/{column}/{value}".encode()).hexdigest()

    def with_more(self, digests: Iterable[str]) -> "Tombstones":
        return replace(self, digests=self.digests | frozenset(digests))


def path(home: Home) -> Path:
    return home.root / "tombstones.parquet"


def read(home: Home) -> Tombstones:
    """The tombstones of a home, none where nobody was erased; LedgerConflict when the file is damaged."""
    if not path(home).exists():
        return Tombstones()
    try:
        table = pq.read_table(path(home))
        return Tombstones(table.schema.metadata[_SALT].decode(), frozenset(table["digest"].to_pylist()))
    except (OSError, pa.ArrowException, KeyError, TypeError) as error:
        raise LedgerConflict(
            f"{path(home)} cannot be read ({type(error).__name__}), so nobody can say who was erased. Restore it from "
            "a backup before anything is extracted; do not delete it, because erased people would come back."
        ) from None


def save(home: Home, tombstones: Tombstones) -> None:
    """Writes them in one piece; each is kept for good."""
    schema = pa.schema([("digest", pa.string())], metadata={_SALT: tombstones.salt.encode()})
    with written_aside(path(home)) as aside:
        pq.write_table(pa.table({"digest": sorted(tombstones.digests)}, schema=schema), aside, compression="zstd")


def journal_path(home: Home) -> Path:
    """Where an erasure that is not finished keeps what it has to do."""
    return home.root / "forget.json"


def refuse_unfinished(home: Home) -> None:
    """LedgerConflict while an erasure is unfinished: until it is, the stores may not agree with each other."""
    if journal_path(home).exists():
        raise LedgerConflict(
            f"An erasure in {home.root} is running or was interrupted, and the stores may not agree until it is done. "
            "Nothing was changed; if none is running, finish it with `waybill ledger forget --resume`."
        )


def undeclared(source: SourceSettings) -> list[str]:
    """The tables that do not say whose their rows are."""
    return [name for name, table in source.tables.items() if table.person is None]


class Sieve:
    """Tells the rows of erased people from all others, table by table, parents first; learns names as it goes.

    A row that is found gives its own names to the tombstones, so that rows of other tables which mean it are found.
    ``db`` holds the digests as the table ``erased``. ``as_built`` makes, of the SQL of a key as it landed, that of the
    name which the models give it; then a key is known by either.
    """

    def __init__(
        self,
        name: str,
        source: SourceSettings,
        tombstones: Tombstones,
        as_built: Callable[[str], str] | None = None,
    ) -> None:
        """Raises ConfigurationError when there are tombstones and a table does not say whose its rows are."""
        self.tombstones = tombstones
        self._name, self._source, self._as_built = name, source, as_built
        self.db = duckdb.connect()
        self.db.execute("set TimeZone = 'UTC'; create table erased (digest varchar)")
        if not tombstones.digests:
            return
        silent = undeclared(source)
        if silent:
            raise ConfigurationError(
                f"Somebody was erased from this home, and waybill.toml does not say whose the rows of "
                f'{", ".join(silent)} are. Set `person` for each: "self", links to other tables, or "none" '
                "(docs/forget.md)."
            )
        self._learn(tombstones.digests)

    def __enter__(self) -> "Sieve":
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()

    def kept(self, table: str, rows: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of everybody else, in their order."""
        condition = self.condition(table, rows.schema.names)
        if condition is None or not rows.num_rows:
            return rows
        numbered = pa.table({**dict(zip(rows.schema.names, rows.columns, strict=True)), "_place": range(len(rows))})
        self.db.register("numbered", numbered)
        self.db.execute(f"create or replace temp table found as from numbered where {condition}")
        places = {place for (place,) in self.db.execute("select _place from found").fetchall()}
        if not places:
            return rows
        self.learn_from(table, "found", rows.schema.names)
        return rows.filter(pa.array(place not in places for place in range(len(rows))))

    def condition(self, table: str, columns: Collection[str]) -> str | None:
        """The SQL of ``db`` that is true for the rows of erased people; None where these columns cannot tell."""
        if not self.tombstones.digests:
            return None
        own = self._source.tables[table]
        parts = [
            *(digest for name in self._source.names_of(table) if name in columns for digest in self._own(table, name)),
            *(
                digest
                for link in own.links
                if {link.column, *link.when} <= set(columns)
                for digest in self._linked(link)
            ),
        ]
        return " or ".join(f"coalesce({part} in (select digest from erased), false)" for part in parts) or None  # noqa: S608

    def learn_from(self, table: str, rows: str, columns: Collection[str]) -> int:
        """Takes the names of found rows (a relation of ``db``) among the tombstones; returns how many were new."""
        before = len(self.tombstones.digests)
        for column in self._source.names_of(table):
            if column in columns:
                named = f"select distinct {', '.join(self._own(table, column))} from {rows}"  # noqa: S608
                found = {digest for row in self.db.execute(named).fetchall() for digest in row if digest}
                self._learn(found - self.tombstones.digests)
                self.tombstones = self.tombstones.with_more(found)
        return len(self.tombstones.digests) - before

    def _learn(self, digests: Collection[str]) -> None:
        if digests:
            self.db.register("learnt", pa.table({"digest": pa.array(sorted(digests), type=pa.string())}))
            self.db.execute("insert into erased from learnt")

    def _own(self, table: str, column: str) -> list[str]:
        return self._digests(table, column, column)

    def _linked(self, link: PersonLink) -> list[str]:
        digests = self._digests(link.table, self._source.referred_key(link), link.column)
        asked = " and ".join(f"{_quoted(name)} = {_text(value)}" for name, value in link.when.items())
        return [f"case when {asked} then {digest} end" for digest in digests] if asked else digests

    def _digests(self, table: str, key: str, column: str) -> list[str]:
        """The SQL of a name's tombstones; null where there is no name, because nothing means nobody."""
        text = f"cast({_quoted(column)} as varchar)"
        name = _text(f"{self.tombstones.salt}/{self._name}/{table}/{key}/")
        forms = [text] if self._as_built is None else [text, self._as_built(text)]
        return [f"sha256({name} || case when trim({text}) <> '' then {form} end)" for form in forms]


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
