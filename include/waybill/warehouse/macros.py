"""The dbt project's macros outside dbt: the same files, rendered with Jinja, run by DuckDB over the project's seeds.

What a macro may ask of dbt is small (``adapter.dispatch``, ``ref`` of a seed, ``return``), so a start of dbt, which
costs seconds, is not needed to try a rule on a few values.
"""

import csv
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2

from waybill.errors import ConfigurationError

_FOLDERS = ("engine", "keys", "normalization")
_HIDDEN_KEYS = ("engine", "keys")
_REFERENCE = re.compile(r"""ref\('(\w+)'\)""")
_INTEGERS = frozenset({"digits", "cut", "exponent", "ldu_state"})
"""The seeds' columns that are numbers; every other is text."""


class MacroText:
    """The macros of a dbt project; a macro is an attribute that takes SQL expressions and gives one."""

    def __init__(self, project: Path, folders: Sequence[str] = _FOLDERS) -> None:
        self._project = project
        self._macros = SimpleNamespace()
        self._environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701 - SQL, not HTML
        self._environment.globals.update(
            {
                "adapter": SimpleNamespace(dispatch=self._dispatch),
                "ref": lambda name: name,
                "return": lambda value: value,
                "waybill": self._macros,
            }
        )
        self._seeds: set[str] = set()
        for folder in folders:
            for path in sorted((project / "macros" / folder).glob("*.sql")):
                self._read(path)

    def render(self, template: str) -> str:
        """SQL with calls of macros in it, as plain SQL."""
        return self._environment.from_string(template).render()

    def load_seeds(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Makes a table of every seed that the macros refer to; an empty field is null, as dbt has it."""
        for name in sorted(self._seeds):
            [path] = (self._project / "seeds").glob(f"**/{name}.csv")
            with path.open(encoding="utf-8", newline="") as file:
                header = next(csv.reader(file))
            columns = ", ".join(f"'{column}': '{'integer' if column in _INTEGERS else 'varchar'}'" for column in header)
            connection.execute(
                f"create table {name} as from read_csv(?, header = true, columns = {{{columns}}}, quote = '\"')",
                [str(path)],
            )

    def _read(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
            module = self._environment.from_string(text).make_module()
        except (OSError, jinja2.TemplateError) as error:
            raise ConfigurationError(
                f"{path} cannot be read as macros ({error}). WAYBILL_DBT_PROJECT_DIR must name Waybill's dbt project."
            ) from error
        self._seeds.update(_REFERENCE.findall(text))
        for name, macro in vars(module).items():
            setattr(self._macros, name, macro)
            self._environment.globals[name] = macro

    def _dispatch(self, name: str, _package: str = "waybill") -> Any:
        return getattr(self._macros, f"default__{name}")


@cache
def key_as_built(project: Path, key: tuple[str, ...]) -> str:
    """SQL that makes a landed row's key what staging makes of it: the SQL of its columns, none as contact data."""
    macros = MacroText(project, _HIDDEN_KEYS)
    return macros.render("concat_ws('/', " + ", ".join(f"{{{{ hidden_key('{column}') }}}}" for column in key) + ")")


def key_as_asked(project: Path, key: str) -> str:
    """A key that a person asks for, as staging makes it."""
    with duckdb.connect() as connection:
        query = f"select {key_as_built(project, ('asked',))} from (select $asked as asked)"  # noqa: S608 - a macro's text
        ((found,),) = connection.execute(query, {"asked": key}).fetchall()
    return str(found)
