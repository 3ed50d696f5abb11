"""A month of a shop's ordinary life: clean events by weekday and hour, with growth, weekends and quiet nights."""

import math
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltas import NOW, SCHEMA, Shop

from waybill.delta import DeltaFile
from waybill.files import sha256_of
from waybill.quality.examine import examined
from waybill.quality.landed import Landed
from waybill.quality.observed import observe
from waybill.quality.suites import SET_RULES
from waybill.settings import Settings
from waybill.sources.landing import file_schema
from waybill.sources.windows import Window

WEEKDAYS = (0.9, 0.85, 0.9, 1.0, 1.1, 1.25, 1.3)
DAYS = 30

_EVENTS = """
create table events as
select
    seeds.* replace (
        times.at as occurred_at,
        times.at + interval 40 second as committed_at,
        times.at + interval 4 minute as landed_at,
        times.at + (seeds.expires_at - seeds.occurred_at) as expires_at,
        'shop/orders/' || times.number as source_key,
        'e' || times.number || '.' || seeds.event_id as event_id,
        replace(
            replace(
                regexp_replace(seeds.payload, '"order_id":"[0-9]+"', '"order_id":"' || times.number || '"'),
                '"event_id":"' || seeds.event_id || '"',
                '"event_id":"e' || times.number || '.' || seeds.event_id || '"'
            ),
            '"event_time":' || cast(floor(epoch(seeds.occurred_at)) as bigint),
            '"event_time":' || cast(floor(epoch(times.at)) as bigint)
        ) as payload
    ),
from times
inner join seeds on times.seed = seeds.row_number
"""

_FILE = """
copy (
    select
        * replace (
            row_number() over (order by expires_at, source_key) - 1 as row_number,
            cast($now as timestamptz) as frozen_at,
            sha256(payload) as payload_digest
        ),
    from events
    where occurred_at >= $start and occurred_at < $now
    order by row_number
) to $path (format parquet, compression zstd)
"""


class Month:
    """Events of the ``DAYS`` before ``NOW``, and the files that builds at these hours of the day would make of them."""

    def __init__(self, settings: Settings, events: int, hours: tuple[int, ...], seed: int = 11) -> None:
        self.settings = settings
        self._hours = hours
        self._connection = duckdb.connect()
        self._connection.execute("set timezone = 'UTC'")
        rows = Shop(seed).rows(3000)
        for number, row in enumerate(rows):
            if "client_ip_address" in row.user:  # the shop knows but three addresses
                row.user["client_ip_address"] = f"203.0.113.{number % 250}"
        seeds = [row.finished(position) for position, row in enumerate(rows)]
        times = _times(random.Random(seed), events, len(seeds))  # noqa: S311
        self._connection.register("seeds", pa.Table.from_pylist(seeds, schema=SCHEMA))
        self._connection.register("times", times)
        self._connection.execute(_EVENTS)

    def files(self) -> Iterator[DeltaFile]:
        """Lands orders and freezes events, one build after the other; each file is enrolled before the next."""
        after = ""
        for start, now in self.windows():
            self.land(start, now)
            delta = self._freeze(start, now, after)
            yield delta
            after = delta.file_id

    def windows(self) -> list[tuple[datetime, datetime]]:
        """From one build to the next."""
        first = (NOW - timedelta(days=DAYS)).replace(hour=0, minute=0)
        return list(pairwise(first + timedelta(days=day, hours=hour) for day in range(DAYS) for hour in self._hours))

    def _freeze(self, start: datetime, now: datetime, after: str) -> DeltaFile:
        build = f"{now:%Y%m%dT%H%M%S}000000Z"
        path = self.settings.home.delta / "meta" / f"{build}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection.execute(_FILE, {"start": start, "now": now, "path": str(path)})
        rows = pq.read_metadata(path).num_rows
        return DeltaFile(path, "meta", build, now, after, rows, 0, sha256_of(path))

    def land(self, start: datetime, now: datetime, change: Callable[[pa.Table], pa.Table] = lambda rows: rows) -> None:
        """The orders of a window, which reaches back by a quarter of an hour; a test may change them."""
        window = Window(start - timedelta(minutes=15), now)
        declared = self.settings.sources["shop"].tables["orders"]
        schema = file_schema(declared)
        found = self._connection.sql(
            "select source_key as order_id, occurred_at as updated_at, currency, 'paid' as status from events "
            "where occurred_at >= $start and occurred_at < $now",
            params={"start": window.start, "now": now},
        ).to_arrow_table()
        columns = [
            found[field.name].cast(field.type) if field.name in found.column_names else pa.nulls(len(found), field.type)
            for field in schema
        ]
        path: Path = self.settings.home.landing / "shop" / "orders" / window.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(change(pa.table(columns, schema=schema)), path)


def _times(draw: random.Random, events: int, seeds: int) -> pa.Table:
    """When each event happened: busy evenings, quiet nights, weekends, a percent more each day, a sale on one day."""
    begin = (NOW - timedelta(days=DAYS)).replace(hour=0, minute=0)
    slots = [begin + timedelta(hours=hour) for hour in range(24 * DAYS)]
    weights = [
        WEEKDAYS[slot.weekday()]
        * (0.04 + math.sin(math.pi * max(0, slot.hour - 5) / 19) ** 2)
        * 1.01 ** (slot - begin).days
        * (2 if (slot - begin).days == 24 else 1)
        for slot in slots
    ]
    chosen = draw.choices(slots, weights, k=events)
    return pa.table(
        {
            "at": pa.array(
                [slot + timedelta(seconds=draw.random() * 3600) for slot in chosen], pa.timestamp("us", "UTC")
            ),
            "number": pa.array(range(events)),
            "seed": pa.array([draw.randrange(seeds) for _ in range(events)]),
        }
    )


def alarms(settings: Settings, delta: DeltaFile) -> tuple[int, list[str], int]:
    """How many rows have a defect, which rules of the set are broken, and how many of them could be judged."""
    thresholds = settings.destination("meta").gate
    with examined(delta, thresholds, settings.home.build / "scratch") as examination:
        landed = Landed(examination.connection, settings, delta, thresholds)
        own, _ = landed.measures()
        landed.record()
        failed: dict[str, list[int]] = {}
        for frame in examination.suspects():
            for name in frame.columns:
                failed.setdefault(name, []).extend(int(row) for row, _ in frame.index[frame[name]])
        suspects = examination.set_aside({name: rows for name, rows in failed.items() if rows})
        examination.history.tally()
        own = {**own, **examination.measures()}
        observed = observe(SET_RULES, examination.history, own, thresholds)
        examination.history.record()
    broken = [f"{name} {observed.measures[name]}" for name in observed.broken(thresholds)]
    return suspects, broken, len(observed.rules)
