"""What builds before this file's said of its rows: which of them were withheld because somebody had refused."""

import duckdb

from waybill import builds
from waybill.delta import DeltaFile
from waybill.home import Home
from waybill.quality.texts import sql


def load(connection: duckdb.DuckDBPyConnection, delta: DeltaFile) -> None:
    """Makes ``withheld_before`` (row_number) of ``scanned``, and a variable of that name: how many there were."""
    execute = connection.execute
    folder = Home(delta.path.parents[2]).published / "candidates" / delta.destination
    this = builds.order(delta.build_id)
    paths = [str(path) for path in sorted(folder.glob("*.parquet")) if builds.order(path.stem) < this]
    execute("create or replace temp table withheld_before (row_number bigint, key_number ubigint)")
    execute("set variable withheld_before = 0")
    if not paths:
        return
    execute(sql("withheld"), {"paths": paths})
    execute(
        "insert into withheld_before select scanned.row_number, refused.key_number from scanned "
        "inner join refused on hash(scanned.event_kind, scanned.source_key) = refused.key_number where is_refused"
    )
    execute(
        "set variable withheld_before = (select count(*) from refused "
        "where is_refused_still or key_number in (select key_number from withheld_before))"
    )
