"""The gate: examine a delta file, let Great Expectations judge it, publish the reasons, and write the decision last."""

import logging
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from waybill import tombstones
from waybill.clock import to_text
from waybill.delta import DeltaFile
from waybill.errors import SourceUnavailable
from waybill.files import locked, sha256_of, written_aside
from waybill.home import Home
from waybill.quality import approvals, closings, decisions
from waybill.quality.decisions import Decision, Failure
from waybill.quality.examine import EXAMPLES, Examination, examined
from waybill.quality.landed import Landed
from waybill.quality.observed import observe
from waybill.quality.suites import LANDED_RULES, ROW_RULES, SET_RULES, suite_version
from waybill.quality.validate import Rows, Run, Validation, shown
from waybill.settings import Settings
from waybill.thresholds import Thresholds

_log = logging.getLogger(__name__)

_COLUMNS = """
    destination varchar, file_id varchar, build_id varchar, row_number bigint, dataset varchar,
    event_kind varchar, event_name varchar, source_key varchar, event_id varchar, payload_digest varchar,
    state varchar, reasons varchar[], judged_at timestamptz, suite_version varchar,
    value decimal(18, 4), currency varchar, first_seen timestamptz
"""

_PUBLISHED = """
with refused_before as (
    select event_name, source_key, min(coalesce(first_seen, judged_at)) as first_seen
    from read_parquet($published, union_by_name = true)
    where state = 'quarantined'
    group by event_name, source_key
)

select
    cast($destination as varchar) as destination,
    cast($file_id as varchar) as file_id,
    cast($build_id as varchar) as build_id,
    delta.position as row_number,
    delta.dataset, delta.event_kind, delta.event_name, delta.source_key,
    shown_event(delta.event_id, delta.position) as event_id,
    delta.payload_digest,
    if(quarantined.row_number is null, 'gated', 'quarantined') as state,
    coalesce(quarantined.reasons, cast([] as varchar[])) as reasons,
    cast($judged_at as timestamptz) as judged_at,
    cast($suite_version as varchar) as suite_version,
    delta.value,
    if(regexp_full_match(delta.currency, '[A-Za-z]{3}'), delta.currency, null) as currency,
    if(
        quarantined.row_number is null, null, coalesce(refused_before.first_seen, cast($judged_at as timestamptz))
    ) as first_seen,
from delta
left join quarantined on delta.position = quarantined.row_number
left join refused_before
    on delta.event_name = refused_before.event_name
    and delta.source_key = refused_before.source_key
where quarantined.row_number is not null or $everything
order by delta.position
"""

# Great Expectations is in memory by now; what is sorted beyond this goes to disk.
_LESS_MEMORY = "set memory_limit = '450MB'"


def judge(settings: Settings, delta: DeltaFile) -> Decision:
    """Decides whether a delta file is open (and which rows are quarantined) or closed, and returns the decision.

    A file that has its decision keeps it, so judging twice changes nothing; only a closed one is judged again when
    the suite or its thresholds have changed, unless a person has opened it, and one that is not enrolled when an older
    version's decision has no digest. A file without rows is open.
    Raises LedgerConflict when the file is damaged.
    """
    home = settings.home
    thresholds = settings.destination(delta.destination).gate
    home.create()
    tombstones.refuse_unfinished(home)
    delta.verify()
    with locked(delta.path.with_name("gate.lock")) as mine:
        if not mine:
            raise SourceUnavailable(f"Another process is judging {delta.file_id} now; run `waybill gate` again later.")
        ensure_empty(home, delta.destination)
        standing = decisions.read(delta)
        if standing is None and delta.decision_path.exists() and _is_enrolled(home, delta):
            standing = decisions.read(delta, enrolled=True)
        word = approvals.read(delta)
        is_open = standing is not None and (standing.is_open or (word is not None and word.opened))
        if standing is not None and (is_open or standing.suite_version == suite_version(thresholds)):
            return standing
        # Until the new one is written there is none, so that a crash in between leaves nothing half-true.
        delta.approval_path.unlink(missing_ok=True)  # whoever kept it closed had seen another decision
        delta.decision_path.unlink(missing_ok=True)
        return _judge(settings, delta, thresholds)


def _is_enrolled(home: Home, delta: DeltaFile) -> bool:
    """Whether keys of the file are published: its rows are on their way and are not judged again."""
    keys = sorted((home.key_files / delta.destination).glob("*.parquet"))
    with duckdb.connect() as connection:
        query = "select exists (from read_parquet($keys, union_by_name = true) where file_id = $file_id)"
        given = {"keys": [str(path) for path in keys], "file_id": delta.file_id}
        return bool(keys and connection.execute(query, given).fetchall()[0][0])


def ensure_empty(home: Home, destination: str) -> None:
    """Makes sure that a glob over what the gate published finds a typed file, from the start."""
    path = home.published / "gate" / destination / "_empty.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table gate ({_COLUMNS})")
        names = [name for name, *_ in connection.execute("describe gate").fetchall()]
        if path.exists() and pq.read_schema(path).names == names:
            return
        with written_aside(path) as aside:
            connection.execute("copy gate to ? (format parquet, compression zstd)", [str(aside)])


def _judge(settings: Settings, delta: DeltaFile, thresholds: Thresholds) -> Decision:
    home, judged_at = settings.home, settings.clock.now()
    site = home.data_docs / delta.destination / delta.build_id
    with examined(delta, thresholds, home.build / "scratch") as examination:
        landed = Landed(examination.connection, settings, delta, thresholds)
        judged = _judged(examination, landed, thresholds, Run(delta.destination, delta.build_id, judged_at, site))
        rows, failed_sets = judged.rows, judged.failed_sets
        quarantined = examination.set_aside(rows.failed)
        version = suite_version(thresholds)
        _publish(examination.connection, delta, bool(failed_sets), to_text(judged_at), version)
        decision = Decision(
            file_id=delta.file_id,
            file_sha256=delta.sha256,
            decision="closed" if failed_sets else "open",
            suite_version=version,
            judged_at=to_text(judged_at),
            rows=delta.rows,
            passed=delta.judged_rows - quarantined,
            quarantined=quarantined,
            past_expiry=delta.past_expiry,
            failures=_failures(delta, examination, rows, failed_sets, thresholds),
            data_docs=str(judged.page or ""),
            gate_file_sha256=sha256_of(delta.gate_path),
            closing=closings.begun_by(delta, failed_sets) if failed_sets else "",
        )
    decisions.write(delta, decision)
    _log.info(
        "%s is %s: %s. Data Docs: %s", delta.file_id, decision.decision, decision.counts(), decision.data_docs or "none"
    )
    return decision


def _judged(examination: Examination, landed: Landed, thresholds: Thresholds, run: Run) -> "_Judged":
    """Lets Great Expectations judge what landed, the rows and the set.

    Without rows to judge, and where no rule of the set is broken, there is nothing it could refuse: it is not loaded.
    """
    history, rows = examination.history, examination.judged_rows
    own, places = landed.measures()
    observed = observe(LANDED_RULES, history, own, thresholds)
    landed.record()
    validation = Validation(run) if rows else None
    found = validation.rows(examination.suspects(), rows) if validation else Rows({}, {})
    if examination.rows:  # among them those that are past their expiry
        examination.set_aside(found.failed)
        history.tally()
        observed = observe(SET_RULES, history, {**own, **examination.measures()}, thresholds)
        history.record()
    if validation is None:
        if not observed.broken(thresholds):
            return _Judged(found, {}, None)
        validation = Validation(run)
    failed = validation.set(observed.rules, observed.measures, thresholds)
    told = {name: f"{value} ({places[name]})" if name in places else value for name, value in failed.items()}
    told |= {name: f"{failed[name]} (with the files before it)" for name in observed.trailing & set(failed)}
    return _Judged(found, {**found.broken, **told}, validation.page())


@dataclass(frozen=True)
class _Judged:
    """The failing rows, what was observed of each failing rule of the set, and the Data Docs."""

    rows: Rows
    failed_sets: dict[str, str]
    page: Path | None


def _publish(
    connection: duckdb.DuckDBPyConnection, delta: DeltaFile, everything: bool, judged_at: str, version: str
) -> None:
    """Writes the gate file: one row per quarantined event, or per row of the file when the file is closed."""
    with written_aside(delta.gate_path) as aside:
        connection.execute(_LESS_MEMORY)
        connection.execute(
            f"copy ({_PUBLISHED}) to $path (format parquet, compression zstd)",
            {
                "destination": delta.destination,
                "file_id": delta.file_id,
                "build_id": delta.build_id,
                "judged_at": judged_at,
                "suite_version": version,
                "everything": everything,
                "published": str(delta.gate_path.with_name("*.parquet")),
                "path": str(aside),
            },
        )


def _failures(
    delta: DeltaFile, examination: Examination, rows: Rows, failed_sets: dict[str, str], thresholds: Thresholds
) -> tuple[Failure, ...]:
    """Every expectation that did not hold: those of the set first, then those of rows, each with example events."""
    limits = {rule.name: f"{rule.expects}: at most {shown(rule.limit(thresholds))}" for rule in SET_RULES}
    of_set = tuple(
        Failure(
            expectation=name,
            expected=limits.get(name, "can be evaluated"),
            observed=observed,
            examples=tuple(examination.examples(name)),
            level="set",
        )
        for name, observed in failed_sets.items()
    )
    of_rows = tuple(
        Failure(
            expectation=rule.name,
            expected=rule.expects,
            observed=f"{len(rows.failed[rule.name])} of {delta.judged_rows} rows",
            examples=tuple(examination.names(rows.failed[rule.name][:EXAMPLES])),
            level="row",
        )
        for rule in ROW_RULES
        if rule.name in rows.failed
    )
    return of_set + of_rows
