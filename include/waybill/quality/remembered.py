"""What the gate remembers of the weeks before: one Parquet file of counts a day, of delta files or of landing files."""

from pathlib import Path

import duckdb

from waybill.errors import LedgerConflict, SourceUnavailable


def recall(connection: duckdb.DuckDBPyConnection, table: str, folder: Path, oldest: str) -> None:
    """Inserts the counts of a folder's days since ``oldest`` (YYYYMMDD) into a table with their columns.

    Raises LedgerConflict, which names the file, when one is damaged, SourceUnavailable when the disk cannot read one.
    """
    days = [day for day in sorted(folder.glob("*.parquet")) if day.stem >= oldest]
    insert = f"insert into {table} by name select * from read_parquet($days)"  # noqa: S608 - our own name
    for day in days:
        try:
            connection.execute(insert, {"days": [str(day)]})
        except duckdb.OutOfMemoryException:
            raise
        except (duckdb.Error, UnicodeDecodeError) as error:  # DuckDB calls some damage an IOException
            _read(day)
            raise LedgerConflict(
                f"{day} cannot be read ({type(error).__name__}). It holds nothing but the gate's counts of that day: "
                "delete it and run `waybill gate` again, which then compares with the other days."
            ) from None


def _read(day: Path) -> None:
    """Reads a file to its end: what cannot be read by anybody is the disk's fault, not the file's."""
    try:
        day.read_bytes()
    except OSError as error:
        raise SourceUnavailable(
            f"{day} cannot be read now ({type(error).__name__}: {error.strerror}). Look at the disk and at the file's "
            "permissions, and run `waybill gate` again; nothing was decided."
        ) from None


def drop_old(folder: Path, oldest: str) -> None:
    """Removes the days before ``oldest``."""
    for day in folder.glob("*.parquet"):
        if day.stem < oldest:
            day.unlink()
