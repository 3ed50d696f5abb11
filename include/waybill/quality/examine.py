"""DuckDB looks at a delta file and says only booleans, numbers and safe names: never text that could be contact data.

The SQL is in ``examine.sql`` (rows), ``measures.sql`` (the set) and ``documented.sql`` (what the platform knows).
DuckDB's own messages quote the text they stumble over, so they are never passed on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict, SourceUnavailable
from waybill.quality import verdicts
from waybill.quality.history import History
from waybill.quality.suites import ROW_RULES
from waybill.quality.texts import sql
from waybill.thresholds import Thresholds

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = {
    "row_number": "BIGINT",
    "source_key": "VARCHAR",
    "event_kind": "VARCHAR",
    "event_name": "VARCHAR",
    "event_id": "VARCHAR",
    "dataset": "VARCHAR",
    "occurred_at": "TIMESTAMP WITH TIME ZONE",
    "committed_at": "TIMESTAMP WITH TIME ZONE",
    "landed_at": "TIMESTAMP WITH TIME ZONE",
    "frozen_at": "TIMESTAMP WITH TIME ZONE",
    "expires_at": "TIMESTAMP WITH TIME ZONE",
    "expires_reason": "VARCHAR",
    "value": "DECIMAL(18,4)",
    "currency": "VARCHAR",
    "payload": "VARCHAR",
    "payload_digest": "VARCHAR",
    "event_id_taken": "BOOLEAN",
    "past_expiry": "BOOLEAN",
}
"""The contract of a delta file: its columns in order, with DuckDB's names of their types."""

EXAMPLES: Final = 5
"""How many event_ids a failure shows."""

_SUSPECTS: Final = 20_000
"""How many rows with a defect are judged at a time."""

# Each thread needs about 250 MB for its vectors of payloads, however many rows there are.
_LIMITS = (
    "set timezone = 'UTC'; set enable_progress_bar = false; set preserve_insertion_order = false; set threads = 2; "
    "set memory_limit = '800MB'"
)

_MOST_FREQUENT = (
    "{0} = (select {0} from facts where {0} is not null "
    "group by {0} order by count(distinct order_number) desc, {0} limit 1)"
)
_EXAMPLES_OF: Final = {
    "quarantined_share": "row_number in (select row_number from quarantined)",
    "one_em_share": _MOST_FREQUENT.format("em_number"),
    "one_ph_share": _MOST_FREQUENT.format("ph_number"),
    "one_external_id_share": _MOST_FREQUENT.format("external_id_number"),
    "one_fbp_share": _MOST_FREQUENT.format("fbp_number"),
    "one_fbc_share": _MOST_FREQUENT.format("fbc_number"),
    "one_client_ip_address_share": _MOST_FREQUENT.format("ip_number"),
    "one_event_id_share": _MOST_FREQUENT.format("event_id_number"),
    "past_expiry_share": "true",
    "repeated_order_share": (
        "is_purchase and bought_number in ("
        "select bought_number from facts where is_purchase group by bought_number having count(*) > 1)"
    ),
    "enrolled_before_share": "is_enrolled_before",
    "withheld_now_sendable_share": "is_withheld_before",
    "values_out_of_range_share": (
        "is_purchase and amount > 0 and row_number in ("
        "select row_number from facts inner join value_ranges on currency_code = part "
        "where amount > 0 and magnitude_of(amount) not between lowest and highest)"
    ),
    "rows_in_new_currency": "currency_code in (select currency from new_currencies)",
    "em_coverage_drop": "em_number is null",
    "ph_coverage_drop": "ph_number is null",
    "one_event_time_share": _MOST_FREQUENT.format("occurred_second"),
    "no_email_and_no_phone_share": "em_number is null and ph_number is null",
    "zero_value_share": "is_purchase and amount = 0",
    "one_value_share": "is_purchase and " + _MOST_FREQUENT.format("amount"),
    "median_value_share_of_largest": "is_purchase and amount > 0",
}

_EXAMPLES_FROM: Final = {"past_expiry_share": "past_expiry"}
"""Where the examples of a measure are, if they are not judged rows."""


class Examination:
    """What DuckDB found in one delta file; ``connection`` holds ``delta`` (all rows) and ``facts`` (judged ones)."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, history: History, delta: DeltaFile, wrong_columns: int
    ) -> None:
        self.connection = connection
        self.history = history
        self.rows = delta.rows
        self.judged_rows = delta.judged_rows
        self._wrong_columns = wrong_columns

    def suspects(self) -> Iterator["pd.DataFrame"]:
        """The rows with a defect, some at a time: a boolean column per row rule, by row_number and the event's name.

        Without a defect there is one frame without rows.
        """
        rules = ", ".join(f"coalesce({rule.name}, false) as {rule.name}" for rule in ROW_RULES)
        defects = " or ".join(rule.name for rule in ROW_RULES)
        last = -1
        while True:
            frame = self.connection.execute(
                f"select row_number, event, {rules} from facts where ({defects}) and row_number > $last "  # noqa: S608
                f"order by row_number limit {_SUSPECTS}",
                {"last": last},
            ).df()
            if len(frame) or last < 0:
                yield frame.set_index(["row_number", "event"])
            if len(frame) < _SUSPECTS:
                return
            last = int(frame["row_number"].iloc[-1])

    def set_aside(self, failed: Mapping[str, Sequence[int]]) -> int:
        """Makes the table ``quarantined`` (row_number, reasons) of the failing rows by rule; returns its rows."""
        numbers = [pa.array(rows, pa.int64()) for rows in failed.values()]
        rules = [pa.repeat(pa.scalar(position, pa.int16()), len(rows)) for position, rows in enumerate(failed.values())]
        found = pa.table(
            {
                "row_number": pa.chunked_array(numbers, pa.int64()),
                "rule": pa.chunked_array(rules, pa.int16()),
            }
        )
        self.connection.register("found", found)
        self.connection.execute(
            "create or replace temp table quarantined as "
            "select row_number, list($names[rule + 1] order by rule) as reasons from found group by row_number",
            {"names": list(failed) or [""]},
        )
        self.connection.unregister("found")
        return int(self.connection.execute("select count(*) from quarantined").fetchall()[0][0])

    def measures(self) -> dict[str, float]:
        """The measures of the set by name; which rows are quarantined must be known and tallied."""
        own = self.history.measured(sql("measures"))
        return {
            **own,
            **self.history.guards(),
            "columns_not_as_contracted": float(self._wrong_columns),
        }

    def names(self, rows: Iterable[int]) -> list[str]:
        """The safe names of some rows: their event_id, or ``row <n>`` where that could be contact data itself."""
        found = self.connection.execute(
            "select event from facts where row_number in (select unnest($rows)) order by row_number",
            {"rows": list(rows)},
        )
        return [name for (name,) in found.fetchall()]

    def examples(self, measure: str) -> list[str]:
        """The safe names of a few rows that a measure of the set is made of; empty where no row is to blame."""
        if measure not in _EXAMPLES_OF:
            return []
        relation = _EXAMPLES_FROM.get(measure, "facts")
        found = self.connection.execute(
            f"select event from {relation} where {_EXAMPLES_OF[measure]} order by row_number limit {EXAMPLES}"  # noqa: S608
        )
        return [name for (name,) in found.fetchall()]


@contextmanager
def examined(delta: DeltaFile, thresholds: Thresholds, scratch: Path) -> Iterator[Examination]:
    """Examines a delta file for the length of a block.

    Raises LedgerConflict when the file is not what its sidecar says or cannot be read, SourceUnavailable when the
    machine lacks memory or disk. Neither is chained: DuckDB's messages quote the text they stumbled over.
    """
    with duckdb.connect() as connection:
        try:
            connection.execute(_LIMITS)
            connection.execute("set temp_directory = $scratch", {"scratch": str(scratch)})
            wrong_columns = _open(connection, delta)
            _set_variables(connection, delta, thresholds)
            connection.execute(sql("documented"))
            connection.execute(sql("examine"))
            history = History(connection, delta, thresholds)
            verdicts.load(connection, delta)
            connection.execute(sql("facts"))
            yield Examination(connection, history, delta, wrong_columns)
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise SourceUnavailable(
                f"The delta file {delta.path} cannot be examined now ({type(error).__name__}): memory or disk is "
                "short. Make room and run `waybill gate` again; nothing was decided."
            ) from None
        except duckdb.Error as error:
            raise LedgerConflict(
                f"The delta file {delta.path} cannot be examined ({type(error).__name__}). If it was never enrolled, "
                f"delete it and {delta.sidecar_path.name}, and run `waybill build`, which freezes its rows again."
            ) from None


def _open(connection: duckdb.DuckDBPyConnection, delta: DeltaFile) -> int:
    """Makes the view ``delta`` with exactly the contract's columns; returns how many are not as contracted."""
    path = "'" + str(delta.path).replace("'", "''") + "'"
    described = connection.execute(f"describe select * from read_parquet({path})").fetchall()  # noqa: S608
    found = {name: kind for name, kind, *_ in described}
    columns = ", ".join(
        f"try_cast({name} as {kind}) as {name}" if name in found else f"cast(null as {kind}) as {name}"
        for name, kind in COLUMNS.items()
        if name != "past_expiry"
    )
    past_expiry = "coalesce(try_cast(past_expiry as boolean), false)" if "past_expiry" in found else "false"
    connection.execute(
        f"create temp view delta as select {columns}, {past_expiry} as past_expiry, file_row_number as position "  # noqa: S608
        f"from read_parquet({path}, file_row_number = true)"
    )
    ((rows, past),) = connection.execute("select count(*), count(*) filter (past_expiry) from delta").fetchall()
    if (rows, past) != (delta.rows, delta.past_expiry):
        raise LedgerConflict(
            f"The delta file {delta.path} has {rows} rows ({past} past expiry), but {delta.sidecar_path.name} says "
            f"{delta.rows} ({delta.past_expiry}). If it was never enrolled, delete both and run `waybill build`."
        )
    actual, expected = list(found.items()), list(COLUMNS.items())
    if actual == expected:
        return 0
    return max(1, len(set(expected) ^ set(actual)))


def _set_variables(connection: duckdb.DuckDBPyConnection, delta: DeltaFile, thresholds: Thresholds) -> None:
    """Gives the SQL what it depends on; statements read it with ``getvariable``."""
    variables = {
        **thresholds.model_dump(),
        "frozen_at": delta.frozen_at,
        "frozen_rows": delta.rows,
        "left_out": delta.left_out,
    }
    for name, value in variables.items():
        connection.execute(f"set variable {name} = $value", {"value": value})
