"""A warehouse that is a DuckDB file, read without changing it."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from waybill.declared import TableSettings
from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.sources.base import TableName, quote, window_condition
from waybill.sources.types import is_naive
from waybill.sources.windows import Window

_BATCH_ROWS = 50_000


class DuckDbWarehouse:
    """The file, opened read-only; no other process can write it meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise ConfigurationError(
                f"There is no DuckDB file {path}. Set WAYBILL_WAREHOUSE_URI to your warehouse, or make a shop with "
                "`waybill sample`."
            )
        try:
            self._connection = duckdb.connect(path, read_only=True)
            self._connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false; begin transaction")
        except duckdb.Error as error:
            raise _refusal(path, str(error)) from None

    def columns(self, name: TableName) -> dict[str, str]:
        rows = self._connection.execute(
            "select column_name, data_type from duckdb_columns() where table_name = $table "
            "and schema_name = coalesce(nullif($schema, ''), current_schema()) and database_name = current_database() "
            "order by column_index",
            {"table": name.table, "schema": name.schema},
        ).fetchall()
        return dict(rows)

    def batches(
        self, name: TableName, table: TableSettings, found: dict[str, str], window: Window
    ) -> Iterator[pa.RecordBatch]:
        columns = ", ".join(_column(column, kind, found[column]) for column, kind in table.columns.items())
        condition = window_condition(table.cursor, found[table.cursor], window)
        query = f"select {columns} from {name.quoted} where {condition}"  # noqa: S608 (quoted names, our own moments)
        try:
            yield from self._connection.sql(query).to_arrow_reader(_BATCH_ROWS)
        except (duckdb.Error, pa.ArrowException) as error:
            raise SourceUnavailable(
                f"Table {name} of {self._path} could not be read ({type(error).__name__}); nothing was landed. "
                "Open the file with DuckDB and look at the table; it may be damaged."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


def _column(name: str, declared: str, found: str) -> str:
    column = quote(name)
    if declared == "varchar":
        return f"cast({column} as varchar) as {column}"
    if declared == "timestamptz":
        moment = f"cast({column} as timestamp) at time zone 'UTC'" if is_naive(found) else column
        return f"{moment} as {column}"
    return column


def _refusal(path: Path, text: str) -> ConfigurationError | SourceUnavailable:
    if "lock" in text or "different configuration" in text:
        return SourceUnavailable(
            f"{path} is open for writing elsewhere, and DuckDB gives a file to one writer alone. Close what has it "
            "open (a DuckDB shell, a notebook) and run the extraction again."
        )
    if "not a valid DuckDB" in text:
        return ConfigurationError(
            f"{path} is not a DuckDB file. Set WAYBILL_WAREHOUSE_URI to the file that holds your tables."
        )
    return SourceUnavailable(
        f"{path} cannot be opened. Check that this user may read it, and that a DuckDB of this version wrote it."
    )
