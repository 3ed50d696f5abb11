"""The phone macro as plain SQL: the project's own macro files, rendered with Jinja over its seeds, in DuckDB."""

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pyarrow

PROJECT = Path(__file__).parents[3] / "dbt_project"
MACROS = ("normalization/normalize_ph.sql", "normalization/hashing.sql", "engine/text.sql")
SEEDS = {
    "phone_readings": "{'dialled_in': 'varchar', 'digits': 'int', 'cut': 'int', 'lead': 'varchar', "
    "'dialled': 'varchar'}",
    "phone_numbers": "{'calling_code': 'varchar', 'digits': 'int', 'numbers': 'varchar'}",
}


class _Macros:
    """Stands for dbt's package namespace and for its adapter."""

    module: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def dispatch(self, name: str, _package: str) -> Any:
        return getattr(self.module, f"default__{name}")


def phones_of(relation: str) -> str:
    """The select that phones_of gives."""
    macros = _Macros()
    environment = jinja2.Environment(autoescape=False)  # noqa: S701
    environment.globals.update(waybill=macros, adapter=macros, ref=str, **{"return": str})
    text = "\n".join((PROJECT / "macros" / name).read_text(encoding="utf-8") for name in MACROS)
    macros.module = environment.from_string(text).module
    return str(macros.phones_of(relation))


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
    for name, types in SEEDS.items():
        path = PROJECT / "seeds" / "phones" / f"{name}.csv"
        connection.execute(f"create table {name} as from read_csv('{path}', header = true, columns = {types})")
    phones = pyarrow.table(
        {
            "phone": pyarrow.array([phone for phone, _ in written], pyarrow.string()),
            "country": pyarrow.array([country for _, country in written], pyarrow.string()),
        }
    )
    connection.register("arriving", phones)
    connection.execute("create table phones as from arriving")
    connection.unregister("arriving")
