"""What extraction asks of a warehouse, and the SQL text that both adapters share."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

from waybill.clock import to_text
from waybill.declared import TableSettings
from waybill.sources.types import is_naive
from waybill.sources.windows import Window


@dataclass(frozen=True)
class TableName:
    """A table of a source: ``schema`` is "" for the connection's own."""

    schema: str
    table: str

    @property
    def quoted(self) -> str:
        return f"{quote(self.schema)}.{quote(self.table)}" if self.schema else quote(self.table)

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}" if self.schema else self.table


class Warehouse(Protocol):
    """An open warehouse; everything that is read from it is one moment's state."""

    def columns(self, name: TableName) -> dict[str, str]:
        """The types of a table's columns as the warehouse writes them; empty when there is no such table."""
        ...

    def batches(
        self, name: TableName, table: TableSettings, found: dict[str, str], window: Window
    ) -> Iterator[pa.RecordBatch]:
        """The declared columns of the window's rows and of those without cursor, in types that declared ones hold."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def quote(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def window_condition(cursor: str, warehouse_type: str, window: Window) -> str:
    """The rows of a window, and those without cursor, which the landing contract then refuses by count.

    The bounds are literals of our own clock (a streamed read takes no parameters), in the column's own type, so that
    its index serves.
    """
    column = quote(cursor)
    kind = "timestamp" if is_naive(warehouse_type) else "timestamptz"
    bounds = [f"{column} <= {_literal(kind, window.end)}"]
    if window.start is not None:
        bounds.append(f"{column} >= {_literal(kind, window.start)}")
    return f"({' and '.join(bounds)}) or {column} is null"


def _literal(kind: str, moment: datetime) -> str:
    text = to_text(moment)
    return f"{kind} '{text.removesuffix('Z') if kind == 'timestamp' else text}'"
