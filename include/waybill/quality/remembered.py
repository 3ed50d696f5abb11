"""What the gate remembers of the weeks before: one Parquet file of counts a day, of delta files or of landing files."""

from pathlib import Path

import duckdb

from waybill.errors import LedgerConflict


def recall(connection: duckdb.DuckDBPyConnection, table: str, folder: Path, oldest: str) -> None:
    """Inserts the counts of a folder's days since ``oldest`` (YYYYMMDD) into a table with their columns.

    Raises LedgerConflict, which names the file, when one cannot be read.
    """
    days = [day for day in sorted(folder.glob("*.parquet")) if day.stem >= oldest]
    insert = f"insert into {table} by name select * from read_parquet($days)"  # noqa: S608 - our own name
    for day in days:
        try:
            connection.execute(insert, {"days": [str(day)]})
        except (duckdb.OutOfMemoryException, duckdb.IOException):
            raise
        except duckdb.Error as error:
            raise LedgerConflict(
                f"{day} cannot be read ({type(error).__name__}). It holds nothing but the gate's counts of that day: "
                "delete it and run `waybill gate` again, which then compares with the other days."
            ) from None


def drop_old(folder: Path, oldest: str) -> None:
    """Removes the days before ``oldest``."""
    for day in folder.glob("*.parquet"):
        if day.stem < oldest:
            day.unlink()
