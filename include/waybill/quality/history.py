"""What the gate knows of the weeks before: counts of every judged file, of which those that were enrolled are the norm.

A file of ``published/tallies/<destination>/`` holds the counts of a day's delta files: numbers by measure, part and
place, never an event. The gate alone writes them, under its lock. A file was enrolled when a later one was frozen
after it, so that closed files, and rows that are frozen again, count once.
"""

from datetime import timedelta
from typing import Final

import duckdb

from waybill import builds
from waybill.delta import DeltaFile
from waybill.files import written_aside
from waybill.home import Home
from waybill.quality import remembered
from waybill.quality.suites import SetRule
from waybill.quality.texts import sql
from waybill.thresholds import Thresholds

DAYS: Final = 35
"""How long counts are kept: four weeks of the same hour, and a margin."""

_TIMES_USUAL: Final = 100
"""One event counts as at most this many usual ones in the value guard, so that one large order closes no file."""

_COLUMNS: Final = (
    "build_id varchar, after varchar, frozen_at timestamptz, measure varchar, part varchar, place bigint, n double"
)

_HISTORY: Final = """
create or replace temp table history as
with enrolled as (
    select after from recorded
    union
    select $after
)

select recorded.*
from recorded
where
    build_order(recorded.build_id) < build_order($build_id)
    and $destination || '/' || recorded.build_id in (select after from enrolled)
"""

_USUAL: Final = """
create or replace temp table usual as
select part, sum(n) filter (measure = 'worth') / sum(n) filter (measure = 'priced') as value
from history
where measure in ('worth', 'priced')
group by part
having value > 0
"""

# Six eighths of a power of ten, or five and a half times, beyond all but a twentieth of what was sold at each end
_VALUE_RANGES: Final = """
create or replace temp table value_ranges as
with magnitudes as (
    select part, place, sum(n) as n from history where measure = 'magnitude' group by all
),

reached as (
    select
        part, place,
        sum(n) over (partition by part order by place) as up_to_here,
        sum(n) over (partition by part) as whole,
    from magnitudes
)

select
    part,
    min(place) filter (up_to_here >= whole * 0.05) - 6 as lowest,
    min(place) filter (up_to_here >= whole * 0.95) + 6 as highest,
from reached
where whole >= getvariable('minimum_rows')
group by part
"""

_ENROLLED_BEFORE: Final = """
create or replace temp table enrolled_before as
with enrolled as (
    select event_name, source_key, hash(order_key_of(source_key)) as order_number
    from read_parquet($keys, union_by_name = true)
    where occurred_at >= $since
),

candidates as (
    select enrolled.*
    from enrolled
    semi join scanned using (order_number)
)

select distinct scanned.row_number
from scanned
inner join candidates using (order_number)
where
    (scanned.event_name = candidates.event_name and scanned.source_key <> candidates.source_key)
    or scanned.event_name not in (select event_name from read_parquet($keys, union_by_name = true))
"""


class History:
    """The weeks before one delta file, in the connection that examines it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, delta: DeltaFile, thresholds: Thresholds) -> None:
        self._connection = connection
        self._delta = delta
        self._thresholds = thresholds
        home = Home(delta.path.parents[2])
        self._folder = home.published / "tallies" / delta.destination
        self._keys = sorted((home.key_files / delta.destination).glob("*.parquet"))
        self._load()

    def tally(self) -> None:
        """Counts this file, once it is known which of its rows are quarantined."""
        self._connection.execute(sql("tallies"))

    def guards(self) -> dict[str, float]:
        """How this file compares with the weeks before."""
        self._count("from tallies")
        found = self.measured(sql("guards"))
        changed = self._changed_since_enrolment()
        return {
            **found,
            "changed_history_share": changed / max(found["enrolled_lately"], 1.0),
            "rows_in_new_currency": self._in_new_currency(),
        }

    def pooled(self, rule: SetRule) -> dict[str, float]:
        """The measures of this file together with as many enrolled ones before it as the rule's sample needs."""
        self._connection.execute(
            """
            create or replace temp table pool as
            with sizes as (
                select build_id, sum(n) as n from history where measure = $sample group by build_id
            ),
            later as (
                select build_id, sum(n) over (order by build_order(build_id) desc) - n as n from sizes
            )
            select build_id
            from later
            where n + (select coalesce(sum(n), 0) from tallies where measure = $sample) < $needed
            """,
            {"sample": rule.counted, "needed": rule.needed(self._thresholds)},
        )
        self._count(
            "from tallies union all by name "
            "(select measure, part, place, n from history semi join pool using (build_id))"
        )
        return {**self.measured(sql("pooled")), **self.measured(sql("guards"))}

    def record(self) -> None:
        """Adds this file's counts to those of its day, in place of what an earlier judgement counted."""
        path = self._folder / f"{self._delta.frozen_at:%Y%m%d}.parquet"
        self._connection.execute(f"create or replace temp table day ({_COLUMNS})")
        if path.exists():
            self._connection.execute(
                "insert into day by name select * from read_parquet($path) where build_id <> $build_id",
                {"path": str(path), "build_id": self._delta.build_id},
            )
        self._connection.execute(
            "insert into day select $build_id, $after, $frozen_at, measure, part, place, n from tallies",
            {"build_id": self._delta.build_id, "after": self._delta.after, "frozen_at": self._delta.frozen_at},
        )
        with written_aside(path) as aside:
            self._connection.execute(
                "copy (from day order by build_id, measure, part, place) to ? (format parquet, compression zstd)",
                [str(aside)],
            )
        remembered.drop_old(self._folder, self._oldest)

    @property
    def _oldest(self) -> str:
        """The first day whose counts are kept."""
        return f"{self._delta.frozen_at - timedelta(days=DAYS):%Y%m%d}"

    def _load(self) -> None:
        """Makes ``history``, ``usual`` and ``value_ranges`` (values), and ``enrolled_before`` (rows of this file)."""
        execute = self._connection.execute
        execute(builds.ORDER_MACRO)
        execute(f"create or replace temp table recorded ({_COLUMNS})")
        remembered.recall(self._connection, "recorded", self._folder, self._oldest)
        execute(
            _HISTORY,
            {
                "after": self._delta.after,
                "build_id": self._delta.build_id,
                "destination": self._delta.destination,
            },
        )
        execute(_USUAL)
        execute(_VALUE_RANGES)
        execute(f"set variable times_usual = {_TIMES_USUAL}")
        execute("create or replace temp table enrolled_before (row_number bigint)")
        ((since,),) = execute("select min(occurred_at) - interval 1 day from delta").fetchall()
        if self._keys and since is not None:
            execute(_ENROLLED_BEFORE, {"keys": [str(path) for path in self._keys], "since": since})

    def _count(self, relation: str) -> None:
        self._connection.execute(f"create or replace temp table counted as {relation}")

    def measured(self, query: str) -> dict[str, float]:
        """The one row of a query, as numbers by name."""
        cursor = self._connection.execute(query)
        names = [column[0] for column in cursor.description or ()]
        (row,) = cursor.fetchall()
        return {name: float(number) for name, number in zip(names, row, strict=True)}

    def _changed_since_enrolment(self) -> int:
        """How many enrolled events the builds since the last enrolment would have made otherwise."""
        folder = self._folder.parents[1] / "changes" / self._delta.destination
        last, this = builds.order(self._delta.after.rpartition("/")[2]), builds.order(self._delta.build_id)
        paths = [path for path in folder.glob("*.parquet") if last < builds.order(path.stem) <= this]
        if not paths:
            return 0
        query = "select count(*) from (select distinct file_id, row_number from read_parquet($paths))"
        return int(self._connection.execute(query, {"paths": [str(path) for path in paths]}).fetchall()[0][0])

    def _in_new_currency(self) -> float:
        """How many rows that passed have a currency in which nothing was enrolled yet; makes ``new_currencies``."""
        execute = self._connection.execute
        execute(
            """
            create or replace temp table new_currencies as
            select part as currency, n from tallies
            where measure = 'currency' and part not in (select part from history where measure = 'currency')
            """
        )
        if self._keys and execute("select count(*) from new_currencies").fetchall()[0][0]:  # seldom; the keys know more
            execute(
                "delete from new_currencies where currency in (select upper(currency) from read_parquet($keys))",
                {"keys": [str(path) for path in self._keys]},
            )
        return float(execute("select coalesce(sum(n), 0) from new_currencies").fetchall()[0][0])
