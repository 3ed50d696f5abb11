"""The last guard of "never twice": what was enrolled is not enrolled again."""

from collections.abc import Sequence
from typing import Final

import duckdb
import pyarrow as pa

from waybill.delivery import keyfiles
from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict
from waybill.home import Home

_REPEATS: Final = """
with fresh as (
    select frozen.event_name, frozen.source_key, frozen.dataset, frozen.event_id, frozen.past_expiry
    from read_parquet($delta) as frozen
    anti join quarantined using (row_number)
),

enrolled as (
    select event_name, source_key, dataset, event_id from {keys} as keys
)

select
    (select count(*) from fresh) - (select count(*) from (select distinct event_name, source_key from fresh))
    + (select count(*) from fresh semi join enrolled using (event_name, source_key)),
    (select count(*) from fresh where not past_expiry)
    - (select count(*) from (select distinct dataset, event_name, event_id from fresh where not past_expiry))
    + (
        select count(*)
        from (from fresh where not past_expiry) as judged
        semi join enrolled using (dataset, event_name, event_id)
    )
"""


def refuse(home: Home, delta: DeltaFile, quarantined: Sequence[int]) -> None:
    """Raises LedgerConflict when a delta file, but for its quarantined rows, repeats a source key or an event id.

    Its own or one of the key files; the freeze has seen to it already.
    """
    query = _REPEATS.format(keys=keyfiles.standing(home, delta.destination))
    with duckdb.connect() as connection:
        connection.register("quarantined", pa.table({"row_number": pa.array(quarantined, type=pa.int64())}))
        found = connection.execute(query, {"delta": str(delta.path)}).fetchone()
    source_keys, event_ids = found or (0, 0)
    if source_keys or event_ids:
        raise LedgerConflict(
            f"The delta file {delta.path} repeats {source_keys} source keys and {event_ids} event ids that it or an "
            f"enrolled file already holds; nothing of it was enrolled. Run `waybill build`, which freezes what is new."
        )
