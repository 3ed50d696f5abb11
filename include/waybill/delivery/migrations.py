"""Bringing a ledger to the shape that this version of Waybill knows, one numbered step at a time."""

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection, Table, insert, inspect, select, text, update
from sqlalchemy.schema import CreateColumn

from waybill.delivery import schema
from waybill.errors import ConfigurationError, LedgerConflict


def _create(connection: Connection) -> None:
    schema.METADATA.create_all(connection)
    connection.execute(insert(schema.schema_version).values(version=0))


def _add_actions(connection: Connection) -> None:
    schema.actions.create(connection, checkfirst=True)


def _add_leases(connection: Connection) -> None:
    _add_columns(connection, schema.batches, "lease_owner", "lease_token", "lease_until")


def _add_rests(connection: Connection) -> None:
    schema.rests.create(connection, checkfirst=True)


def _add_columns(connection: Connection, table: Table, *names: str) -> None:
    """Adds columns to a table that has not got them: one that step 1 has just made has them all."""
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for name in names:
        if name not in there:
            column = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
            connection.execute(text(f"alter table {table.name} add column {column}"))


MIGRATIONS: Final[Mapping[int, Callable[[Connection], None]]] = {
    1: _create,
    2: _add_actions,
    3: _add_leases,
    4: _add_rests,
}
"""Version → the step that leads to it from the one before."""

VERSION: Final = max(MIGRATIONS)


def version(connection: Connection) -> int:
    """The version of this ledger; 0 where there is none yet. LedgerConflict when it does not say."""
    if not inspect(connection).has_table(schema.schema_version.name):
        return 0
    said: list[int] = list(connection.execute(select(schema.schema_version.c.version)).scalars())
    if len(said) != 1:
        raise LedgerConflict(
            f"The ledger's table {schema.schema_version.name} has {len(said)} rows instead of one. Restore the ledger "
            "from a backup; do not delete it, because it is the only record of what was sent."
        )
    return said[0]


def check(found: int, place: str) -> None:
    """Refuses a ledger that a newer Waybill wrote."""
    if found > VERSION:
        raise ConfigurationError(
            f"The ledger {place} has version {found}, and this Waybill knows version {VERSION} at most. Install the "
            "Waybill that wrote it, or a newer one."
        )


def migrate(connection: Connection, place: str) -> None:
    """Runs the steps that are missing, inside the caller's transaction."""
    found = version(connection)
    check(found, place)
    for step in range(found + 1, VERSION + 1):
        MIGRATIONS[step](connection)
    if found < VERSION:
        connection.execute(update(schema.schema_version).values(version=VERSION))
