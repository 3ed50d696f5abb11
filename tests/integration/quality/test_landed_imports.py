"""No false alarms about imports: nightly, weekly, every other week, monthly, an hour off, over a change of the clocks.

`landed.sql` is asked about made-up counts, as they are of landing files of every hour.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

from waybill.quality.texts import sql
from waybill.thresholds import Thresholds

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
WEEK = 7 * DAY
BERLIN = ZoneInfo("Europe/Berlin")
LIMITS = Thresholds()
RULES = ("landed_rows_overdue", "landed_rows_times_norm", "landed_rows_missing", "landed_null_share_rise")
BEGIN = {"winter": datetime(2026, 9, 7, tzinfo=UTC), "summer": datetime(2026, 2, 9, tzinfo=UTC)}
"""Mondays, seven weeks before the Monday after the clocks of Berlin change."""

Batch = tuple[str, datetime, int]


def trickle(table: str, begin: datetime, end: datetime, night: int, noon: int) -> Iterator[Batch]:
    """Rows of every hour; where there are none, an empty file lands."""
    for hour in range((end - begin) // HOUR):
        yield table, begin + hour * HOUR, noon if 8 <= hour % 24 < 20 else night


def nightly(table: str, begin: datetime, end: datetime, rows: int) -> Iterator[Batch]:
    """Exports at two o'clock in Berlin."""
    for day in range((end - begin).days):
        yield table, datetime.combine(begin.date() + day * DAY, datetime.min.time(), BERLIN).replace(hour=2), rows


def weekly(table: str, begin: datetime, end: datetime, rows: int, weeks: int = 1) -> Iterator[Batch]:
    """Imports of Monday at nine: every fifth an hour late, the one after it an hour early."""
    for number in range((end - begin) // WEEK // weeks + 1):
        yield table, begin + number * weeks * WEEK + (9 + {3: 1, 4: -1}.get(number % 5, 0)) * HOUR, rows


def monthly(table: str, begin: datetime, end: datetime, rows: int) -> Iterator[Batch]:
    """Imports of the third day of each month."""
    for day in range((end - begin).days):
        if (begin + day * DAY).day == 3:
            yield table, begin + day * DAY + 9 * HOUR, rows


def shop(begin: datetime, end: datetime) -> dict[tuple[str, datetime], int]:
    """Rows by table and hour: each kind of import alone, and as what comes to a table that has rows all day."""
    batches = [*trickle("shop.orders", begin, end, 3, 60)]
    for every, rows in ((nightly, 1000), (weekly, 300), (monthly, 500)):
        batches += every(f"alone.{every.__name__}", begin, end, rows)
        batches += every(f"among.{every.__name__}", begin, end, rows)
        batches += trickle(f"alone.{every.__name__}", begin, end, 0, 0)
        batches += trickle(f"among.{every.__name__}", begin, end, 1, 5)
    batches += weekly("alone.fortnightly", begin, end, 1000, 2)
    batches += weekly("among.fortnightly", begin, end, 1000, 2)
    batches += trickle("among.fortnightly", begin, end, 1, 5)
    found: dict[tuple[str, datetime], int] = {}
    for table, at, rows in batches:
        hour = at.astimezone(UTC)
        found[table, hour] = found.get((table, hour), 0) + rows
    return found


class Counts:
    """Counts of landing files that end a quarter past each hour, and what the gate makes of them at a moment."""

    def __init__(self, rows: Mapping[tuple[str, datetime], int]) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set timezone = 'UTC'")
        self._connection.execute("set threads = 1")
        for name, value in LIMITS.model_dump().items():
            self._connection.execute(f"set variable {name} = $value", {"value": value})
        hours = [(table, at, n) for (table, at), n in rows.items()]
        self._connection.register(
            "given", pa.table(dict(zip(("source", "moment", "n"), zip(*hours, strict=True), strict=True)))
        )
        self._connection.execute(
            """
            create table counts as
            select
                source || '/' || moment as file, source as table_name, moment + interval 15 minute as window_end,
                false as is_first, if(n > 0, 'hour', 'rows') as measure, '' as part,
                if(n > 0, epoch(moment) // 3600, 0) as place, cast(n as double) as n
            from given
            """
        )

    def broken(self, now: datetime, since: datetime) -> dict[str, str]:
        """The rules that are broken and the tables that they name."""
        given = {"now": now, "oldest": now - 35 * DAY}
        self._connection.execute(
            "create or replace temp table landed as from counts where window_end between $oldest and $now", given
        )
        self._connection.execute("set variable frozen_at = $now", {"now": now})
        self._connection.execute("set variable since = $since", {"since": since})
        cursor = self._connection.execute(sql("landed"))
        found = dict(zip([column[0] for column in cursor.description or ()], cursor.fetchall()[0], strict=True))
        if found["landed_days"] < LIMITS.minimum_history_days:
            return {}
        return {rule: found[f"{rule}_of"] for rule in RULES if found[rule] > getattr(LIMITS, rule)}


def moments(begin: datetime, end: datetime) -> list[datetime]:
    """Builds in the hours of imports and after them; every other day at midnight alone."""
    hours = [begin + number * HOUR for number in range((end - begin) // HOUR)]
    clocks = {
        at.date() for at in hours if (at + DAY).astimezone(BERLIN).utcoffset() != at.astimezone(BERLIN).utcoffset()
    }
    busy = {0: (0, 1, 2, 3, 4, 9, 10, 11, 12), 1: (7, 8, 9, 10, 11)}
    of = {at: range(24) if at.date() in clocks else (0, 9, 10, 11) if at.day == 3 else (0,) for at in hours}
    return [at + HOUR / 3 for at in hours if at.hour in (*of[at], *busy.get(at.weekday(), ()))]


@pytest.mark.parametrize(("change", "first", "last"), [("winter", 1, 10), ("summer", 6, 8)])
def test_imports_raise_no_alarm_but_for_one_that_comes_for_the_first_time_among_other_rows(
    change: str, first: int, last: int
) -> None:
    begin = BEGIN[change]
    asked = moments(begin + first * WEEK, begin + last * WEEK)
    counts = Counts(shop(begin, begin + last * WEEK))
    alarms = {now: counts.broken(now, since) for since, now in pairwise(asked)}
    news = {datetime(2026, 10, 3, 9, 20, tzinfo=UTC): {"landed_rows_times_norm": "among.monthly"}}
    assert {now: broken for now, broken in alarms.items() if broken} == (news if change == "winter" else {})


@pytest.mark.parametrize(
    ("table", "hours", "times", "after", "rule"),
    [
        ("alone.nightly", 24, 0, 4, "landed_rows_overdue"),
        ("among.nightly", 24, 0.01, 4, "landed_rows_missing"),
        ("alone.nightly", 24, 0.1, 4, "landed_rows_missing"),
        ("alone.nightly", 24, 9, 1, "landed_rows_times_norm"),
        ("alone.weekly", 24, 0, 13, "landed_rows_overdue"),
        ("alone.weekly", 24, 9, 10, "landed_rows_times_norm"),
        ("alone.monthly", 24, 9, 10, "landed_rows_times_norm"),
        ("shop.orders", 8, 0, 16, "landed_rows_overdue"),
        ("shop.orders", 2, 9, 12, "landed_rows_times_norm"),
        ("shop.orders", 24, 0.1, 23, "landed_rows_missing"),
    ],
)
def test_a_broken_import_is_named(table: str, hours: int, times: float, after: int, rule: str) -> None:
    begin = BEGIN["winter"]
    day = begin + 8 * WEEK  # a Monday
    if "monthly" in table:
        day = datetime(2026, 11, 3, tzinfo=UTC)
    now = day + after * HOUR + HOUR / 3
    rows = shop(begin, day + DAY)
    spoilt = [key for key in rows if key[0] == table and now - hours * HOUR < key[1] <= now]
    broken = {key: math.ceil(rows[key] * times) for key in spoilt}
    assert sum(broken.values()) != sum(rows[key] for key in spoilt)
    assert Counts(rows).broken(now, now - 2 * HOUR) == {}
    assert Counts({**rows, **broken}).broken(now, now - 2 * HOUR) == {rule: table}


def test_a_table_too_small_to_be_judged_is_not_named_for_a_large_one() -> None:
    now = BEGIN["winter"] + 8 * WEEK + DAY + 23 * HOUR + HOUR / 3
    rows = shop(BEGIN["winter"], BEGIN["winter"] + 9 * WEEK)
    lately = [(table, at) for table, at in rows if now - DAY < at <= now]
    large = {key: rows[key] // 10 for key in lately if key[0] == "shop.orders"}
    small = {key: int(key[1].hour == 12) for key in lately if key[0] == "among.weekly"}
    broken = Counts({**rows, **large, **small}).broken(now, now - 2 * HOUR)
    assert broken == {"landed_rows_missing": "shop.orders"}


def test_a_new_table_has_no_norm_in_its_first_week() -> None:
    begin, now = BEGIN["winter"], BEGIN["winter"] + 5 * WEEK
    new = trickle("shop.new", now - 3 * DAY, now, 10, 10)
    rows = {**shop(begin, now), **{(table, at): n for table, at, n in new}, ("shop.new", now - HOUR): 900}
    assert Counts(rows).broken(now, now - 2 * HOUR) == {}
