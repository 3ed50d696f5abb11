"""Where a sample is kept: what both kinds of database can do for it, and the table that marks a database as made up."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Protocol, Self

import polars as pl

from waybill.sample.shop import KEYS, Numbers, Tables

MARKER: Final = "waybill_sample"


@dataclass(frozen=True)
class Slice:
    """One row of the marker table: what a slice was made with, and how many ids it gave away."""

    slice_number: int
    seed: int
    as_of: datetime
    start_at: datetime
    orders: int
    leads: int
    customers: int
    clicks: int
    consents: int

    @classmethod
    def columns(cls) -> str:
        types = {int: "bigint", datetime: "timestamptz"}
        return ", ".join(f"{field.name} {types[field.type]} not null" for field in fields(cls))  # type: ignore[index]

    @property
    def values(self) -> tuple[object, ...]:
        return astuple(self)


def numbers(slices: Sequence[Slice]) -> Numbers:
    """The ids given away by these slices together."""
    return Numbers(
        **{
            name: sum(getattr(one, name) for one in slices)
            for name in ("orders", "leads", "customers", "clicks", "consents")
        }
    )


class Store(Protocol):
    """An open database; every writing call is one transaction."""

    def tables(self) -> set[str]:
        """Which of the shop's tables, and the marker, are there."""
        ...

    def slices(self) -> list[Slice]:
        """The marker's rows, oldest first; empty where there is no marker."""
        ...

    def read(self, query: str) -> list[tuple[Any, ...]]: ...

    def create(self, tables: Tables, first: Slice) -> None:
        """Makes the tables anew (also over an older sample) and marks the database."""
        ...

    def merge(self, tables: Tables, later: Slice) -> None:
        """Puts rows in place of those with the same key, adds the others, and marks the slice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def column_types(frame: pl.DataFrame) -> dict[str, str]:
    """The SQL types of a table of the shop, in names that both engines know."""
    return {name: _sql_type(kind) for name, kind in frame.schema.items()}


def _sql_type(kind: pl.DataType) -> str:
    if isinstance(kind, pl.Decimal):
        return f"numeric({kind.precision},{kind.scale})"
    names = {pl.String: "varchar", pl.Boolean: "boolean", pl.Int32: "integer", pl.Datetime: "timestamptz"}
    return names[type(kind)]


def create_table(name: str, frame: pl.DataFrame, *, with_key: bool) -> str:
    columns = [f"{column} {kind}" for column, kind in column_types(frame).items()]
    if with_key:
        columns.append(f"primary key ({', '.join(KEYS[name])})")
    return f"create table {name} ({', '.join(columns)})"


def replace_rows(name: str, new_rows: str) -> tuple[str, str]:
    """The two statements that put the rows of the table ``new_rows`` in place of those with the same key."""
    key = ", ".join(KEYS[name])
    return (
        f"delete from {name} where ({key}) in (select {key} from {new_rows})",  # noqa: S608 (names of this module's own)
        f"insert into {name} select * from {new_rows}",  # noqa: S608
    )
