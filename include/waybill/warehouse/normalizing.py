"""What the SQL macros make of given values: the text that dbt runs, on a file of one's own, without a warehouse."""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from waybill.errors import ConfigurationError
from waybill.settings import Settings
from waybill.warehouse.macros import MacroText

FIELDS: Final = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id")
_COLUMNS: Final = ("field", "input", "country", "order")

_SQL: Final = """
with recognised as (
    select
        *,
        input as written,
        {{ normalize_country('country') }} as country_code
    from inputs
),

examined as (
    {{ examined('recognised') }}
)

select
    field,
    normalized,
    {{ hash_identifier('normalized') }} as sha256,
    list_sort(others),
    list_sort([{{ hash_identifier('other') }} for other in others]),
    finding
from examined
order by row_number
"""


@dataclass(frozen=True)
class Normalized:
    """One value: what it became, its hash, and why it was dropped, or what is worth knowing; or null.

    ``others`` and their hashes are what is sent beside it: a second address, a city without its accents.
    """

    field: str
    normalized: str | None
    sha256: str | None
    others: list[str] | None
    other_sha256: list[str] | None
    reason: str | None

    def as_json(self, *, show_values: bool) -> dict[str, Any]:
        shown = {
            "field": self.field,
            "sha256": self.sha256,
            "other_sha256": self.other_sha256 or [],
            "reason": self.reason,
        }
        return {**shown, "normalized": self.normalized, "others": self.others or []} if show_values else shown


def normalize_file(settings: Settings, path: Path) -> list[Normalized]:
    """Normalises a CSV file with the columns field, input and, where they matter, country and order (mdy or dmy).

    One result per row, in the file's order. Raises ConfigurationError, which names the row but never a value, when the
    file cannot be read or a field or order is none.
    """
    return normalize(settings, _read(path), settings.clock.now())


def normalize(settings: Settings, rows: list[dict[str, str | None]], as_of: datetime) -> list[Normalized]:
    """Normalises rows of field, input, country and order; ``as_of`` is the moment that no birth can be later than."""
    macros = MacroText(settings.dbt_project_dir)
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in _COLUMNS}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        macros.load_seeds(connection)
        connection.register("arriving", pa.table({**columns, "row_number": pa.array(range(len(rows)), pa.int64())}))
        connection.execute(
            'create table inputs as select row_number, field, input, country, "order" as date_order,'
            " ?::timestamptz as as_of from arriving",
            [as_of],
        )
        try:
            return [Normalized(*row) for row in connection.execute(macros.render(_SQL)).fetchall()]
        except duckdb.Error as error:
            # DuckDB's messages quote the values they stumble over.
            raise ConfigurationError(
                f"The macros in {settings.dbt_project_dir} cannot be run ({type(error).__name__}). Run "
                "`dbt build` there to see what is wrong with them."
            ) from None


def _read(path: Path) -> list[dict[str, str | None]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"field", "input"} - set(reader.fieldnames or ())
            if missing:
                raise ConfigurationError(
                    f"{path} lacks the column {' and '.join(sorted(missing))}. Its first line must name its columns: "
                    "field,input,country,order."
                )
            rows = list(reader)
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8. Save it as UTF-8 and run this again.") from None
    except csv.Error as error:
        raise ConfigurationError(f"{path} cannot be read as CSV ({error}). Quote fields that hold commas.") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}). Name a CSV file.") from None
    return [_checked(path, number, row) for number, row in enumerate(rows, start=1)]


def _checked(path: Path, number: int, row: dict[str, Any]) -> dict[str, str | None]:
    field, order = (row.get("field") or "").strip().lower(), (row.get("order") or "").strip().lower()
    if field not in FIELDS:
        raise ConfigurationError(f"{path}, row {number}: the field is none of {', '.join(FIELDS)}.")
    if order not in ("", "mdy", "dmy"):
        raise ConfigurationError(f"{path}, row {number}: the order of a date is mdy, dmy or empty.")
    return {"field": field, "input": row.get("input"), "country": row.get("country") or None, "order": order or None}
