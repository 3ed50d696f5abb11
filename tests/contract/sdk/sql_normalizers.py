"""What the dbt project's macros make of identifiers, without dbt: its own data tests of the macros, over other cases.

A data test of macro_cases gives the cases for which a macro does not make what is expected. Here every case expects
something impossible, so that the test's text, rendered and run on DuckDB, tells what the macro made of each.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pyarrow as pa
import yaml

_PROJECT = Path(__file__).parents[3] / "dbt_project"
_IMPOSSIBLE = "no macro makes this"


def normalized(cases: Sequence[tuple[str, str, str]]) -> Sequence[str | None]:
    """The normalised value of each (field, input, country), in order; None where the macro drops it."""
    columns = [list(column) for column in zip(*cases, strict=True)] + [[_IMPOSSIBLE] * len(cases)] * 2
    names = ["field", "input", "country", "expected", "expected_sha256"]
    made: dict[tuple[str, str, str], str | None] = {}
    with duckdb.connect() as connection:
        connection.register("asked", pa.table(dict(zip(names, columns, strict=True))))
        connection.execute(
            "create table identifier_cases as select field, input, nullif(country, '') as country,"
            " cast(null as varchar) as date_order,"
            " expected, expected_sha256 from asked"
        )
        seeds = _make_seeds(connection)
        for field in sorted({field for field, _, _ in cases}):
            sql = _render(field, seeds)
            names = connection.sql(f"select * from ({sql}) as wrong limit 0").columns
            text, value = ("input", "normalized") if "input" in names else ("phone", "ph")  # phones are read as a set
            for told, country, result in connection.execute(
                f"select {text}, coalesce(country, ''), {value} from ({sql}) as wrong"
            ).fetchall():
                made[field, told, country] = result
    return [made[case] for case in cases]


def _make_seeds(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Every seed as dbt loads it: the types it declares, an empty field is null."""
    seeds = set()
    for path in sorted(_PROJECT.glob("seeds/**/*.yml")):
        for seed in yaml.safe_load(path.read_text(encoding="utf-8")).get("seeds", []):
            [file] = _PROJECT.glob(f"seeds/**/{seed['name']}.csv")
            if seed["name"] != "identifier_cases":
                types = ", ".join(f"'{name}': '{kind}'" for name, kind in seed["config"]["column_types"].items())
                connection.execute(
                    f"create table {seed['name']} as from read_csv('{file}', header = true, types = {{{types}}})"
                )
            seeds.add(seed["name"])
    return seeds


def _render(field: str, seeds: set[str]) -> str:
    """The data test of a field's macro as SQL; the macros may ask dbt for seeds, dispatch and return."""
    waybill = SimpleNamespace()
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701 - SQL, not HTML

    def dispatch(name: str, _package: str = "waybill") -> Any:
        return getattr(waybill, f"default__{name}")

    def ref(name: str) -> str:
        assert name in seeds, f"{name} is no seed"
        return name

    dbt: Mapping[str, Any] = {
        "adapter": SimpleNamespace(dispatch=dispatch),
        "config": lambda **_: "",
        "ref": ref,
        "return": lambda value: value,
        "waybill": waybill,
    }
    environment.globals.update(dbt)
    for folder in ("engine", "normalization", "testing"):
        for path in sorted((_PROJECT / "macros" / folder).glob("*.sql")):
            module = environment.from_string(path.read_text(encoding="utf-8")).make_module()
            for name, macro in vars(module).items():
                setattr(waybill, name, macro)
                environment.globals[name] = macro
    test = _PROJECT / "tests" / "macro_cases" / f"normalize_{field}.sql"
    return environment.from_string(test.read_text(encoding="utf-8")).render()
