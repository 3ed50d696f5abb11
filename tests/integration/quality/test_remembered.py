"""Damaged counts: whatever DuckDB calls the damage, the day's file is named; what no disk can read is not damaged."""

import random
from pathlib import Path

import duckdb
import pytest

from waybill.errors import LedgerConflict, SourceUnavailable
from waybill.quality.remembered import recall

_COUNTS = """
copy (
    select 'file' || number as file, 'Purchase' as part, number as place, number * 1.0 as n
    from range(3000) as r (number)
) to $path (format parquet, compression zstd)
"""


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create table counts (file varchar, part varchar, place bigint, n double)")
    return connection


def test_damage_of_any_kind_names_the_file(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    day = tmp_path / "20261119.parquet"
    connection.execute(_COUNTS, {"path": str(day)})
    whole = day.read_bytes()
    draw = random.Random(1)  # noqa: S311
    named: set[str] = set()
    for _ in range(300):
        at, length = draw.randrange(len(whole)), draw.choice([1, 4, 40])
        spoilt = whole[:at] + draw.randbytes(length) + whole[at + length :]
        day.write_bytes(spoilt)
        try:
            recall(connection, "counts", tmp_path, "20261101")
        except LedgerConflict as error:
            assert str(day) in str(error)
            named.add(str(error).partition("(")[2].partition(")")[0])
    assert "IOException" in named


def test_what_nobody_can_read_is_the_disks_fault(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "20261119.parquet").mkdir()
    with pytest.raises(SourceUnavailable, match=r"20261119.parquet cannot be read now .* Look at the disk"):
        recall(connection, "counts", tmp_path, "20261101")
