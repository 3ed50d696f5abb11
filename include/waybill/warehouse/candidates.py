"""Publishing what a build decided: the candidates whose verdict is new or changed, appended for everybody to read.

``published/candidates/<destination>/<build_id>.parquet`` holds keys, verdicts and times, never contact data. The
current state of a candidate is its row with the newest ``build_seq``; ``removed`` marks one that is no more (an order
that had no lines and now has some).
"""

from pathlib import Path

import duckdb

from waybill.files import written_aside
from waybill.home import Home
from waybill.warehouse.inputs import Build

COLUMNS = """
    destination varchar, source_key varchar, source varchar, entity varchar, entity_key varchar, part varchar,
    event_kind varchar, event_name varchar, event_id varchar, dataset varchar, occurred_at timestamptz,
    committed_at timestamptz, landed_at timestamptz, expires_at timestamptz, verdict varchar, reasons varchar[],
    value decimal(18, 4), currency varchar, payload_digest varchar, build_seq bigint, built_at timestamptz,
    removed boolean
"""

_CHANGED = """
with affected as (
    select
        $destination as destination,
        source_key, source, entity, entity_key, part, event_kind, event_name, event_id, dataset, occurred_at,
        committed_at, landed_at, expires_at, verdict, reasons, value, currency, payload_digest
    from destinations.{destination}_events
    where build_seq > $last_good_seq
),

affected_entities as (
    select distinct source, entity, entity_key
    from affected
),

published as (
    select *
    from read_parquet($published, union_by_name = true)
    semi join affected_entities using (source, entity, entity_key)
    qualify row_number() over (partition by event_kind, source_key order by build_seq desc) = 1
),

changed as (
    select affected.*, false as removed
    from affected
    left join published
        on published.event_kind = affected.event_kind
        and published.source_key = affected.source_key
        and not published.removed
    where
        published.source_key is null
        or (
            published.verdict, published.reasons, published.event_id, published.dataset, published.occurred_at,
            published.expires_at, published.value, published.currency, published.payload_digest
        ) is distinct from (
            affected.verdict, affected.reasons, affected.event_id, affected.dataset, affected.occurred_at,
            affected.expires_at, affected.value, affected.currency, affected.payload_digest
        )
),

vanished as (
    select published.* exclude (build_seq, built_at, removed), true as removed
    from published
    anti join affected using (event_kind, source_key)
    where not published.removed
),

rows_to_publish as (
    select * from changed
    union all by name
    select * from vanished
)

select
    * exclude (removed),
    cast($seq as bigint) as build_seq,
    cast($built_at as timestamptz) as built_at,
    removed,
from rows_to_publish
order by event_kind, source_key
"""


# What ``_CHANGED`` compares, in a sum that is independent of the order of rows.
_DIGEST = """
select count(*), coalesce(bit_xor(md5_number(concat_ws(
    chr(31), event_kind, source_key, verdict, array_to_string(reasons, chr(30)), coalesce(event_id, chr(0)),
    coalesce(dataset, chr(0)), coalesce(epoch_us(cast(occurred_at as timestamptz)), 0),
    coalesce(epoch_us(cast(expires_at as timestamptz)), 0),
    coalesce(cast(cast(value as decimal(18, 4)) as varchar), chr(0)), coalesce(currency, chr(0)),
    coalesce(payload_digest, chr(0))
))), 0)
from {relation}
"""


def digest_of(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, str]:
    """How many candidates a relation holds, and what their verdicts, names and values add up to."""
    [(rows, added_up)] = connection.execute(_DIGEST.format(relation=relation)).fetchall()
    return rows, f"{added_up:032x}"


def publish_candidates(warehouse: duckdb.DuckDBPyConnection, home: Home, destination: str, build: Build) -> int:
    """Appends the candidates of one destination that this build changed; returns how many."""
    folder = home.published / "candidates" / destination
    empty = folder / "_empty.parquet"
    if not empty.exists():
        write_empty(warehouse, empty, COLUMNS)
    parameters = {
        "destination": destination,
        "published": str(folder / "*.parquet"),
        "last_good_seq": build.last_good_seq,
        "seq": build.seq,
        "built_at": build.built_at,
    }
    # The destination is one of the names in waybill.toml, which are identifiers by validation.
    warehouse.execute(
        f"create or replace temp table to_publish as {_CHANGED.format(destination=destination)}", parameters
    )
    count = warehouse.execute("select count(*) from to_publish").fetchall()[0][0]
    if count:
        with written_aside(folder / f"{build.build_id}.parquet") as aside:
            warehouse.execute("copy (from to_publish) to ? (format parquet, compression zstd)", [str(aside)])
    warehouse.execute("drop table to_publish")
    return int(count)


def write_empty(connection: duckdb.DuckDBPyConnection, path: Path, columns: str) -> None:
    """Writes a typed Parquet file without rows, so that a reader never meets a glob without files."""
    connection.execute(f"create or replace temp table empty_columns ({columns})")
    with written_aside(path) as aside:
        connection.execute("copy (from empty_columns) to ? (format parquet)", [str(aside)])
    connection.execute("drop table empty_columns")
