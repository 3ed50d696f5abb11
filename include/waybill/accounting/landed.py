"""What landed of one key: in which file, when, and whether a build has read it. Keys and times, never contact data."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from waybill.declared import TableSettings
from waybill.errors import SourceUnavailable
from waybill.settings import Settings
from waybill.warehouse.inputs import seen_files_path
from waybill.warehouse.macros import key_as_built

_FILE = """
select
    {key} as entity_key,
    "{cursor}" as updated_at,
    _extracted_at as landed_at,
    filename,
from read_parquet($files, filename = true)
where {key} in (select unnest($wanted))
"""


@dataclass(frozen=True)
class Version:
    """One version of a row as it landed; ``is_built`` says whether the last good build has read its file."""

    source: str
    table: str
    key: str
    updated_at: str
    landed_at: str
    file: str
    is_built: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def versions(settings: Settings, wanted: set[str]) -> list[Version]:
    """Every landed version of the rows with these keys, in tables whose keys must have verdicts, oldest first.

    Raises SourceUnavailable, which names the file, when a landing file cannot be read.
    """
    built = _built(settings)
    found: list[Version] = []
    for source, source_settings in settings.sources.items():
        for name, table in source_settings.tables.items():
            files = sorted((settings.home.landing / source / name).glob("*.parquet")) if table.candidates else []
            for key, updated_at, landed_at, file in (
                _rows(settings.dbt_project_dir, table, files, wanted) if files else []
            ):
                found.append(
                    Version(
                        source,
                        name,
                        key,
                        updated_at.isoformat(),
                        landed_at.isoformat(),
                        str(Path(file).relative_to(settings.home_root)),
                        file in built,
                    )
                )
    return sorted(found, key=lambda version: (version.source, version.table, version.key, version.landed_at))


def _rows(project: Path, table: TableSettings, files: list[Path], wanted: set[str]) -> list[tuple[Any, ...]]:
    key = key_as_built(project, tuple(f'"{column}"' for column in table.key))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            return connection.execute(
                _FILE.format(key=key, cursor=table.cursor),
                {"files": [str(file) for file in files], "wanted": sorted(wanted)},
            ).fetchall()
        except duckdb.Error as error:
            raise SourceUnavailable(
                f"A landing file in {files[0].parent} cannot be read ({type(error).__name__}). Delete the damaged file "
                "and run `waybill extract`, which lands its window again."
            ) from None


def _built(settings: Settings) -> frozenset[str]:
    """The files that the last good build has read; none before the first."""
    path = seen_files_path(settings.home)
    return frozenset(pl.read_parquet(path)["file"].to_list()) if path.exists() else frozenset()
