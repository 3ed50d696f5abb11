"""The text of the dbt project's macros, rendered without dbt and run on DuckDB: what a build runs, without a build."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pyarrow as pa

_MACROS = Path(__file__).parents[2] / "dbt_project" / "macros"


@cache
def _macros() -> Any:
    """Every macro of a folder that asks dbt for nothing but dispatch and return."""
    waybill = SimpleNamespace()
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701 - SQL, not HTML
    environment.globals.update(
        waybill=waybill,
        adapter=SimpleNamespace(dispatch=lambda name, _package: getattr(waybill, f"default__{name}")),
    )
    environment.globals["return"] = lambda value: value
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("engine", "events", "keys")
        for path in sorted((_MACROS / folder).glob("*.sql"))
    )
    module = environment.from_string(text).make_module()
    for name, macro in vars(module).items():
        setattr(waybill, name, macro)
    return waybill


def results(macro: str, rows: Sequence[Sequence[str | None]], *arguments: Any, **named: str) -> list[Any]:
    """What a macro gives for every row, in order; ``arguments`` are the macro's, with a, b, c … for the columns."""
    sql = str(getattr(_macros(), macro)(*arguments, **named))
    columns = {chr(97 + number): list(column) for number, column in enumerate(zip(*rows, strict=True))}
    given_rows = pa.table(
        {"row_number": range(len(rows)), **columns},
        schema=pa.schema([("row_number", pa.int64()), *((name, pa.string()) for name in columns)]),
    )
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("given_rows", given_rows)
        return [row[0] for row in connection.sql(f"select {sql} from given_rows order by row_number").fetchall()]


def result(macro: str, *values: str | None, **named: str) -> Any:
    """What a macro gives for one row of texts."""
    return results(macro, [values], *[chr(97 + number) for number in range(len(values))], **named)[0]
