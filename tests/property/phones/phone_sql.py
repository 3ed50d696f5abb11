"""The phone macro as plain SQL: the project's own macro files, rendered with Jinja over its seeds, in DuckDB."""

from pathlib import Path

import duckdb
import pyarrow

from waybill.warehouse.macros import MacroText

PROJECT = Path(__file__).parents[3] / "dbt_project"
MACROS = MacroText(PROJECT)


def phones_of(relation: str) -> str:
    """The select that phones_of gives."""
    return MACROS.render(f"{{{{ phones_of('{relation}') }}}}")


def numbers_of(written: list[tuple[str, str | None]]) -> dict[tuple[str, str | None], str]:
    """What the macro makes of (phone, country) pairs; a pair that is dropped is absent."""
    with duckdb.connect() as connection:
        load(connection, written)
        rows = connection.execute(phones_of("phones")).fetchall()
    found = {(phone, country): ph for phone, country, ph in rows}
    assert len(found) == len(rows), "a phone was read in two ways"
    return found


def load(connection: duckdb.DuckDBPyConnection, written: list[tuple[str, str | None]]) -> None:
    """Makes the seeds and the relation `phones`."""
    MACROS.load_seeds(connection)
    phones = pyarrow.table(
        {
            "phone": pyarrow.array([phone for phone, _ in written], pyarrow.string()),
            "country": pyarrow.array([country for _, country in written], pyarrow.string()),
        }
    )
    connection.register("arriving", phones)
    connection.execute("create table phones as from arriving")
    connection.unregister("arriving")
