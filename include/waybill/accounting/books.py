"""The books: every store that accounting reads, as views of one DuckDB connection in memory.

``published/`` as Parquet, the ledger live (through Arrow), and the distinct keys that landed. ``warehouse.duckdb`` is
not among them: only a build opens it.
"""

from pathlib import Path

import duckdb
import jinja2
import polars as pl

from waybill import builds, tombstones
from waybill.delivery import keyfiles
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.home import Home
from waybill.settings import Settings
from waybill.warehouse.inputs import seen_files
from waybill.warehouse.macros import key_as_built

_VIEWS = {
    "candidates": "candidates/*/*.parquet",
    "totals": "candidates_total.parquet",
    "gate": "gate/*/*.parquet",
    "changes": "changes/*/*.parquet",
}

_APPROVALS = """
    destination varchar, build_id varchar, file_id varchar, opened boolean, who varchar, because varchar,
    decided_at timestamptz
"""

RELATIONS = ("candidates", "totals", "gate", "judged", "keys", "files", "batches", "attempts", "exceptions", "landed")


def has_books(settings: Settings) -> bool:
    """Whether anything was built in this home yet."""
    return (settings.home.published / "candidates_total.parquet").exists()


def open_books(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Views ``candidates, totals, gate, judged, keys, changes, files, batches, attempts, exceptions, landed``, and
    ``approvals``: what people said of closed files.

    Raises ConfigurationError when nothing was built yet, SourceUnavailable when a file cannot be read.
    """
    home = settings.home
    tombstones.refuse_unfinished(home)
    if not has_books(settings):
        raise ConfigurationError(f"Nothing has been built in {home.root} yet. Run `waybill build` first.")
    books = duckdb.connect(config={"temp_directory": str(home.build / "scratch")})
    books.execute("set TimeZone = 'UTC'")
    with Ledger.open_readonly(home) as ledger:
        ensure_keys(home, ledger)
        for name, table in ledger.tables_as_arrow().items():
            books.register(name, table)
    for name, pattern in _VIEWS.items():
        _view(books, name, home.published / pattern)
    try:
        books.execute(f"create view keys as select * from {keyfiles.standing(home)} as keys")  # noqa: S608
    except duckdb.Error as error:
        raise SourceUnavailable(
            f"The key files in {home.key_files} cannot be read ({type(error).__name__}). Run "
            "`waybill ledger audit`, which names the damaged one, and restore it from a backup."
        ) from error
    approvals = "approvals/*/*.parquet"
    if any(home.published.glob(approvals)):
        _view(books, "approvals", home.published / approvals)
    else:  # nobody has been asked yet
        books.execute(f"create table approvals ({_APPROVALS})")
    books.register("judged", _newest_judged(home).to_arrow())
    _landed(books, settings)
    return books


def render(settings: Settings, macro: str, **arguments: str) -> str:
    """The SQL of one accounting macro of the dbt project, so that dbt and the command line run the same text."""
    folder = settings.dbt_project_dir / "macros" / "accounting"
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql")))
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - renders SQL of our own, not HTML
    module = environment.from_string(text).make_module()
    return str(getattr(module, macro)(**arguments))


def _view(books: duckdb.DuckDBPyConnection, name: str, pattern: Path) -> None:
    literal = "'" + str(pattern).replace("'", "''") + "'"
    try:
        books.execute(f"create view {name} as select * from read_parquet({literal}, union_by_name = true)")  # noqa: S608
    except duckdb.Error as error:
        raise SourceUnavailable(
            f"{_damaged(books, pattern)} cannot be read ({type(error).__name__}). Restore it from a backup "
            "(docs/restore.md)."
        ) from error


def _damaged(books: duckdb.DuckDBPyConnection, pattern: Path) -> Path:
    """The first file of a pattern that cannot be opened; the pattern itself where each can."""
    for path in sorted(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))):
        try:
            books.execute("from read_parquet($path) limit 0", {"path": str(path)})
        except duckdb.Error:
            return path
    return pattern


def _newest_judged(home: Home) -> pl.DataFrame:
    """The newest delta file that the gate has judged, per destination, by the name of what the gate published."""
    newest: dict[str, str] = {}
    judged = (path for path in (home.published / "gate").glob("*/*.parquet") if path.stem != "_empty")
    for path in sorted(judged, key=lambda path: builds.order(path.stem)):
        newest[path.parent.name] = path.stem
    return pl.DataFrame(
        {"destination": list(newest), "build_id": list(newest.values())},
        schema={"destination": pl.String, "build_id": pl.String},
    )


def _landed(books: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """The distinct keys of the tables that must have verdicts, in the landing files that the last good build saw."""
    selects: list[str] = []
    for source, source_settings in settings.sources.items():
        for name, table in source_settings.tables.items():
            seen = seen_files(settings.home, source, name) if table.candidates else []
            files = [str(path) for path, is_as_seen in seen if is_as_seen]
            if not files:
                continue
            key = key_as_built(settings.dbt_project_dir, tuple(f'"{column}"' for column in table.key))
            listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
            selects.append(
                f"select distinct '{source}' as source, '{name}' as entity, {key} as entity_key "  # noqa: S608
                f"from read_parquet([{listed}])"
            )
    nothing = "select null::varchar as source, null::varchar as entity, null::varchar as entity_key where false"
    try:
        books.execute(f"create table landed as {' union all '.join(selects) or nothing}")
    except duckdb.Error as error:
        raise SourceUnavailable(
            f"A landing file in {settings.home.landing} cannot be read ({type(error).__name__}). Delete the damaged "
            "file and run `waybill extract`, which lands its window again."
        ) from error
