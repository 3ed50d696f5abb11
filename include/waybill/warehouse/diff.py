"""What this version of the models would tell differently: the newest build done again aside, and compared.

Nothing of the home changes: the landing files that the build could have read are built anew in a folder of their own,
at the same moment, and what comes out is held against the verdicts that were published and the payloads that were
frozen.
"""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb

from waybill import builds, delta
from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.events import LONGEST_WINDOW_DAYS
from waybill.home import Home
from waybill.settings import Settings
from waybill.sources.landing import is_purged
from waybill.sources.windows import Window
from waybill.warehouse import dbt, inputs
from waybill.warehouse.build import open_warehouse

EXAMPLES: Final = 5
_NOT_THE_MODELS: Final = ("tag:delivery", "test_type:unit", "test_type:data", "tag:macro_cases")

_COMPARED: Final = """
create or replace temp table compared as
with told as (
    select *
    from read_parquet($published, union_by_name = true)
    where build_seq <= $seq
    qualify row_number() over (partition by event_kind, source_key order by build_seq desc) = 1
),

standing as (
    select *
    from told
    where not removed and coalesce(occurred_at >= cast($since as timestamptz), true)
),

anew as (
    select *
    from destinations.{destination}_events
    where coalesce(occurred_at >= cast($since as timestamptz), true)
)

select
    coalesce(standing.event_name, anew.event_name) as event_name,
    coalesce(standing.source_key, anew.source_key) as source_key,
    standing.verdict as verdict_then,
    anew.verdict as verdict_now,
    standing.payload_digest as digest_then,
    anew.payload as payload_now,
    case
        when anew.source_key is null then 'vanished'
        when standing.source_key is null then 'appeared'
        when standing.verdict <> anew.verdict then 'verdict'
        when standing.payload_digest is distinct from anew.payload_digest then 'payload'
        when (standing.event_id, standing.dataset, standing.expires_at)
            is distinct from (anew.event_id, anew.dataset, anew.expires_at) then 'delivery'
        when standing.reasons is distinct from anew.reasons then 'reasons'
    end as change,
from standing
full join anew
    on standing.event_kind = anew.event_kind and standing.source_key = anew.source_key
"""

_CHANGES: Final = """
select event_name, change, count(*)
from compared
where change is not null
group by all
order by all
"""

_VERDICTS: Final = """
select event_name, verdict_then, verdict_now, count(*)
from compared
where change = 'verdict'
group by all
order by all
"""

_PAYLOADS: Final = """
select any_value(frozen.payload) as payload_then, compared.payload_now
from compared
inner join read_parquet($frozen, union_by_name = true) as frozen
    on compared.digest_then = frozen.payload_digest
where compared.change = 'payload'
group by compared.event_name, compared.source_key, compared.payload_now
"""


@dataclass(frozen=True)
class Diff:
    """What would be told differently to one destination: counts, the keys of payloads that change, and examples.

    ``changes`` counts by event name and kind of change (verdict, payload, delivery, reasons, appeared, vanished),
    ``verdicts`` by event name and ``then → now``, ``payload_keys`` by the key that differs. ``payloads_gone`` are
    changed payloads whose delta file is no longer there, so that nobody can say what differs.
    """

    destination: str
    against: str
    compared: int
    changes: dict[str, dict[str, int]] = field(default_factory=dict)
    verdicts: dict[str, dict[str, int]] = field(default_factory=dict)
    payload_keys: dict[str, int] = field(default_factory=dict)
    payloads_gone: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_same(self) -> bool:
        return not self.changes

    def as_json(self) -> dict[str, Any]:
        return {
            "against": self.against,
            "compared": self.compared,
            "same": self.is_same,
            "changes": self.changes,
            "verdicts": self.verdicts,
            "payload_keys": self.payload_keys,
            "payloads_gone": self.payloads_gone,
            "examples": self.examples,
        }


def diff(settings: Settings, against: str | None = None) -> list[Diff]:
    """Builds aside and compares with a build (the newest good one by default), for each destination.

    Raises ConfigurationError when there is no such build or nothing was published, BuildFailed when a model fails.
    """
    build_id = against or _newest_build(settings)
    built_at, seq = builds.moment_and_number(build_id)
    builds.must_be_known(settings.home, build_id)
    since = _compared_since(settings, built_at)
    with _aside(settings, built_at) as aside:
        inputs.begin(aside, full_refresh=True)
        if since is not None:
            _take_purged(settings.home, aside.home)
        arguments = ["build", "--full-refresh", "--exclude", *_NOT_THE_MODELS]
        dbt.run(aside, arguments, logs=settings.home.build / "logs" / "diff")
        with open_warehouse(aside.home) as warehouse:
            return [_compare(warehouse, settings.home, name, build_id, seq, since) for name in settings.destinations]


@contextmanager
def _aside(settings: Settings, built_at: datetime) -> Iterator[Settings]:
    """Settings of a home beside the real one, with the landing files that a build at that moment could read."""
    settings.home.create()
    root = Path(tempfile.mkdtemp(prefix="diff-", dir=settings.home.build))
    try:
        aside = Home(root)
        aside.create()
        for source, source_settings in settings.sources.items():
            for table in source_settings.tables:
                folder = aside.landing / source / table
                folder.mkdir(parents=True)
                for path in (settings.home.landing / source / table).glob("*.parquet"):
                    if Window.of_file(path).end <= built_at:
                        (folder / path.name).symlink_to(path)
        yield settings.model_copy(update={"home_root": root, "as_of": built_at})
    finally:
        shutil.rmtree(root)


def _compared_since(settings: Settings, built_at: datetime) -> datetime | None:
    """From when on events are compared, where something was purged: what belongs to older ones is not as it landed."""
    files = (path for source in settings.sources for path in (settings.home.landing / source).glob("*/*.parquet"))
    purged = [Window.of_file(path).end for path in files if is_purged(path)]
    if not purged:
        return None
    since = built_at - timedelta(days=LONGEST_WINDOW_DAYS)
    if max(purged) > since:
        raise ConfigurationError(
            f"What landed before {max(purged):%Y-%m-%d %H:%M} UTC has been purged, so a build of "
            f"{built_at:%Y-%m-%d %H:%M} cannot be done again as it was. Compare with a later one."
        )
    return since


def _take_purged(home: Home, aside: Home) -> None:
    """Gives the build aside what the models carry over where personal columns were purged; the rest is made anew."""
    standing = str(home.warehouse_file).replace("'", "''")
    with open_warehouse(aside) as connection:
        try:
            connection.execute(f"attach '{standing}' as standing (read_only)")
        except duckdb.IOException as error:
            raise SourceUnavailable(
                f"{home.warehouse_file} is open in another process, and holds what is left of people whose contact "
                "data was purged. Run `waybill diff` again when no build is running."
            ) from error
        connection.execute("create schema intermediate")
        for table in ("int_identities_latest", "int_clicks_latest"):
            connection.execute(f"create table intermediate.{table} as from standing.intermediate.{table}")


def _compare(
    warehouse: duckdb.DuckDBPyConnection, home: Home, destination: str, build_id: str, seq: int, since: datetime | None
) -> Diff:
    published = str(home.published / "candidates" / destination / "*.parquet")
    query = _COMPARED.format(destination=destination)  # one of the names in waybill.toml, identifiers by validation
    warehouse.execute(query, {"published": published, "seq": seq, "since": since})
    [(compared,)] = warehouse.execute("select count(*) from compared").fetchall()
    changes: dict[str, dict[str, int]] = {}
    verdicts: dict[str, dict[str, int]] = {}
    for name, change, count in warehouse.execute(_CHANGES).fetchall():
        changes.setdefault(name, {})[change] = count
    for name, then, now, count in warehouse.execute(_VERDICTS).fetchall():
        verdicts.setdefault(name, {})[f"{then} → {now}"] = count
    examples = warehouse.execute(
        "select change, list(source_key order by source_key)[:$n] from compared where change is not null "
        "group by change order by change",
        {"n": EXAMPLES},
    ).fetchall()
    keys, explained = _changed_keys(warehouse, home.delta / destination)
    changed = sum(count.get("payload", 0) for count in changes.values())
    return Diff(
        destination=destination,
        against=build_id,
        compared=int(compared),
        changes=changes,
        verdicts=verdicts,
        payload_keys=dict(keys.most_common()),
        payloads_gone=changed - explained,
        examples=dict(examples),
    )


def _changed_keys(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> tuple[Counter[str], int]:
    """How often each key of a payload differs, and of how many payloads that can be said."""
    files = [str(path) for path in sorted(folder.glob("*.parquet")) if not path.name.endswith(".withdrawals.parquet")]
    keys: Counter[str] = Counter()
    explained = 0
    if not files:
        return keys, explained
    rows = warehouse.execute(_PAYLOADS, {"frozen": files})
    while pairs := rows.fetchmany(10_000):
        for then, now in pairs:
            explained += 1
            keys.update(differing_keys(json.loads(then), json.loads(now)))
    return keys, explained


def differing_keys(then: dict[str, Any], now: dict[str, Any], above: str = "") -> Iterator[str]:
    """The keys in which two payloads differ, with dots between levels; never a value."""
    for key in sorted({*then, *now}):
        old, new = then.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from differing_keys(old, new, f"{above}{key}.")
        elif old != new:
            yield f"{above}{key}"


def _newest_build(settings: Settings) -> str:
    """The newest build that froze a file."""
    newest = [file.build_id for name in settings.destinations if (file := delta.newest(settings.home, name))]
    if not newest:
        raise ConfigurationError(f"Nothing has been built in {settings.home.root} yet. Run `waybill build` first.")
    return max(newest, key=builds.order)
