"""Declared types: what they are in Arrow, and which types of a warehouse may be read as them."""

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from waybill.errors import ConfigurationError

MOMENT: Final = pa.timestamp("us", tz="UTC")

_ARROW: Final = {
    "varchar": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamptz": MOMENT,
}
_NARROW: Final = {"smallint", "integer", "tinyint", "utinyint", "usmallint"}
_WIDE: Final = _NARROW | {"bigint", "uinteger"}
_READABLE: Final = {
    "boolean": {"boolean"},
    "integer": _NARROW,
    "bigint": _WIDE,
    "double": {"real", "float", "double", "double precision"},
    "date": {"date"},
    "timestamptz": {
        *("timestamp with time zone", "timestamp without time zone", "timestamp"),
        *("timestamp_s", "timestamp_ms", "timestamp_ns"),
    },
    "decimal": {"numeric", "decimal", "hugeint", *_WIDE},
}
"""By declared type: the warehouse's types (without precision) that it can hold. ``varchar`` reads any type."""

_CALENDAR: Final = {  # the numbers behind them, from the year 1 to 9999
    MOMENT: (pa.int64(), -62_135_596_800_000_000, 253_402_300_799_999_999),
    pa.date32(): (pa.int32(), -719_162, 2_932_896),
}


def arrow_type(declared: str) -> pa.DataType:
    """The Arrow type of a declared type; decimal(p,s) is exact."""
    match = re.fullmatch(r"decimal\((\d+),(\d+)\)", declared)
    return pa.decimal128(int(match[1]), int(match[2])) if match else _ARROW[declared]


def plain(warehouse_type: str) -> str:
    """A warehouse's type without precision, in lower case: ``NUMERIC(18,4)`` is ``numeric``."""
    return re.sub(r"\([^)]*\)", "", warehouse_type).strip().lower()


def is_naive(warehouse_type: str) -> bool:
    """Whether this is a timestamp without time zone; Waybill reads it as UTC."""
    kind = plain(warehouse_type)
    return kind.startswith("timestamp") and kind != "timestamp with time zone"


def check(place: str, declared: dict[str, str], found: dict[str, str]) -> None:
    """A ConfigurationError that lists the declared columns which ``place`` lacks or holds in another type."""
    problems = []
    for column, kind in declared.items():
        family = kind.partition("(")[0]
        if column not in found:
            problems.append(f"{column} is missing")
        elif family != "varchar" and plain(found[column]) not in _READABLE[family]:
            problems.append(f"{column} is {found[column]} and cannot be read as {kind}")
    if problems:
        raise ConfigurationError(
            f"Table {place} is not as waybill.toml declares it: {'; '.join(problems)}. Correct the declaration "
            "(or the table); nothing was landed."
        )


def as_declared(place: str, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with exactly the declared types; a value that would not survive it is an error naming the column."""
    columns = []
    for field, column in zip(schema, batch.columns, strict=True):
        try:
            same = column if column.type == field.type else column.cast(field.type)
        except pa.ArrowInvalid:
            raise ConfigurationError(
                f"Table {place} has values in {field.name} that {field.type} does not hold exactly (too many digits, "
                "or not a number); nothing was landed. Declare a wider type for it in waybill.toml."
            ) from None
        _check_calendar(place, field, same)
        columns.append(same)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _check_calendar(place: str, field: pa.Field, column: pa.Array) -> None:
    """Refuses what databases call infinity, which no calendar has and drivers turn into some moment or other."""
    if field.type not in _CALENDAR or len(column) == 0:
        return
    number, first, last = _CALENDAR[field.type]
    found = pc.min_max(column.cast(number)).as_py()
    if found["min"] is not None and not (first <= found["min"] and found["max"] <= last):
        raise ConfigurationError(
            f"Table {place} has values in {field.name} outside the years 1 to 9999 (infinity, perhaps); nothing was "
            "landed. Correct them in the warehouse, or read a view without them."
        )
