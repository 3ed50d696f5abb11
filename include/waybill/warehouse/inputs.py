"""What a build is told, as small Parquet files: which build it is, which landing files are unseen, the destinations.

The last good build is remembered in ``build/state.json`` and ``build/seen_files.parquet``, both written only after
everything that a build publishes is in place. A build that fails is therefore done again by the next one.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from waybill import builds
from waybill.errors import ConfigurationError
from waybill.files import write_json, written_aside
from waybill.home import Home
from waybill.settings import Settings

_FILES = {"source": pl.String, "table_name": pl.String, "file": pl.String, "size": pl.Int64, "modified_ns": pl.Int64}


@dataclass(frozen=True)
class Build:
    """One attempt to build; ``seq`` grows with every attempt, ``last_good_seq`` is the newest that succeeded."""

    build_id: str
    seq: int
    built_at: datetime
    last_good_seq: int
    landed: pl.DataFrame
    unseen: pl.DataFrame


def begin(settings: Settings, *, full_refresh: bool) -> Build:
    """Numbers a new build, finds the landing files that the last good one had not seen, and writes the inputs."""
    home = settings.home
    state = builds.state(home)
    fresh = full_refresh or not home.warehouse_file.exists()
    landed = _landed_files(settings)
    seen = _seen_files(home)
    unseen = landed if fresh else landed.join(seen, on=list(_FILES), how="anti")
    _check_readable(unseen)
    built_at = settings.clock.now()
    seq = builds.next_number(home)
    build = Build(
        build_id=builds.name(built_at, seq),
        seq=seq,
        built_at=built_at,
        last_good_seq=0 if fresh else state.last_good_seq,
        landed=landed,
        unseen=unseen,
    )
    write_json(home.build / "state.json", {"seq": seq, "last_good_seq": state.last_good_seq})
    _write_inputs(settings, build)
    return build


def succeed(home: Home, build: Build) -> None:
    """Remembers this build as the last good one."""
    with written_aside(home.build / "seen_files.parquet") as aside:
        build.landed.write_parquet(aside)
    write_json(home.build / "state.json", {"seq": build.seq, "last_good_seq": build.seq})


def seen_files_path(home: Home) -> Path:
    """The landing files that the last good build had seen: Parquet of source, table_name, file, size, modified_ns."""
    return home.build / "seen_files.parquet"


def seen_files(home: Home, source: str, table: str) -> list[tuple[Path, bool]]:
    """The landing files of a table that the last good build had seen, wherever the home was then, and whether each is
    still the one that it read: not purged, not landed again since."""
    rows = _seen_files(home).filter((pl.col("source") == source) & (pl.col("table_name") == table))
    found: list[tuple[Path, bool]] = []
    for row in rows.iter_rows(named=True):
        path = home.landing / source / table / Path(row["file"]).name
        stat = path.stat() if path.exists() else None
        is_same = stat is not None and (stat.st_size, stat.st_mtime_ns) == (row["size"], row["modified_ns"])
        found.append((path, is_same))
    return found


def _seen_files(home: Home) -> pl.DataFrame:
    path = seen_files_path(home)
    return pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=_FILES)


def _landed_files(settings: Settings) -> pl.DataFrame:
    """Every landing file with its size and time: a window that was run again replaces its file and is unseen again."""
    rows: list[dict[str, str | int]] = []
    for source, source_settings in settings.sources.items():
        for table in source_settings.tables:
            files = sorted((settings.home.landing / source / table).glob("*.parquet"))
            if not files:
                raise ConfigurationError(
                    f"Nothing has landed for {source}.{table} in {settings.home.landing}. Run `waybill extract` first."
                )
            for file in files:
                stat = file.stat()
                rows.append(
                    {
                        "source": source,
                        "table_name": table,
                        "file": str(file),
                        "size": stat.st_size,
                        "modified_ns": stat.st_mtime_ns,
                    }
                )
    return pl.DataFrame(rows, schema=_FILES)


def _check_readable(files: pl.DataFrame) -> None:
    """Refuses a damaged landing file by name, where dbt would only say that a model failed."""
    for file in files["file"]:
        try:
            pq.read_metadata(file)
        except (OSError, pa.ArrowInvalid) as error:
            raise ConfigurationError(
                f"{file} is damaged: it cannot be read as Parquet ({type(error).__name__}). Delete it and run "
                "`waybill extract`, which reads its window again; then run `waybill build`."
            ) from None


def _write_inputs(settings: Settings, build: Build) -> None:
    started = {name: settings.started_destination(name) for name in settings.destinations}
    inputs = {
        "build": pl.DataFrame(
            {
                "build_id": [build.build_id],
                "build_seq": [build.seq],
                "built_at": [build.built_at],
                "last_good_build_seq": [build.last_good_seq],
            }
        ),
        "sources": pl.DataFrame(
            {
                "source": list(settings.sources),
                "date_order": [source.date_order for source in settings.sources.values()],
                "default_country": [source.default_country for source in settings.sources.values()],
            },
            schema={"source": pl.String, "date_order": pl.String, "default_country": pl.String},
        ),
        "unseen_files": build.unseen.select("source", "table_name", "file"),
        "destinations": pl.DataFrame(
            {
                "destination": list(started),
                "start_at": [destination.start_at for destination in started.values()],
                "setup": [destination.setup for destination in started.values()],
                "consent_max_age_days": [destination.consent_max_age_days for destination in started.values()],
            },
            schema_overrides={"start_at": pl.Datetime("us", "UTC"), "consent_max_age_days": pl.Int32},
        ),
    }
    for name, frame in inputs.items():
        with written_aside(settings.home.build / "inputs" / f"{name}.parquet") as aside:
            frame.write_parquet(aside)
