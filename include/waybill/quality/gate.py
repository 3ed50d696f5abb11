"""The gate: examine a delta file, let Great Expectations judge it, publish the reasons, and write the decision last."""

import logging

import duckdb

from waybill.clock import to_text
from waybill.delta import DeltaFile
from waybill.errors import SourceUnavailable
from waybill.files import locked, sha256_of, written_aside
from waybill.home import Home
from waybill.quality import decisions
from waybill.quality.decisions import Decision, Failure
from waybill.quality.examine import EXAMPLES, Examination, examined
from waybill.quality.suites import ROW_RULES, SET_RULES, SUITE_VERSION, Thresholds
from waybill.quality.validate import Run, Validation, shown, validate
from waybill.settings import Settings

_log = logging.getLogger(__name__)

_PUBLISHED = """
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
from delta
left join quarantined on delta.position = quarantined.row_number
where quarantined.row_number is not null or $everything
order by delta.position
"""


def judge(settings: Settings, delta: DeltaFile, thresholds: Thresholds | None = None) -> Decision:
    """Decides whether a delta file is open (and which rows are quarantined) or closed, and returns the decision.

    A file that has its decision keeps it, so judging twice changes nothing; only a closed one is judged again when
    the suite has changed. A file without rows to judge is open. Raises LedgerConflict when the file is damaged.
    """
    home = settings.home
    home.create()
    delta.verify()
    with locked(delta.path.with_name("gate.lock")) as mine:
        if not mine:
            raise SourceUnavailable(f"Another process is judging {delta.file_id} now; run `waybill gate` again later.")
        ensure_empty(home, delta.destination)
        standing = decisions.read(delta)
        if standing is not None and (standing.is_open or standing.suite_version == SUITE_VERSION):
            return standing
        # Until the new one is written there is none, so that a crash in between leaves nothing half-true.
        delta.decision_path.unlink(missing_ok=True)
        return _judge(settings, delta, thresholds or Thresholds())


def ensure_empty(home: Home, destination: str) -> None:
    """Makes sure that a glob over what the gate published finds a typed file, from the start."""
    path = home.published / "gate" / destination / "_empty.parquet"
    if path.exists():
        return
    columns = (
        "destination varchar, file_id varchar, build_id varchar, row_number bigint, dataset varchar, "
        "event_kind varchar, event_name varchar, source_key varchar, event_id varchar, payload_digest varchar, "
        "state varchar, reasons varchar[], judged_at timestamptz, suite_version varchar, "
        "value decimal(18, 4), currency varchar"
    )
    with duckdb.connect() as connection, written_aside(path) as aside:
        connection.execute(f"create table gate ({columns})")
        connection.execute("copy gate to ? (format parquet, compression zstd)", [str(aside)])


def _judge(settings: Settings, delta: DeltaFile, thresholds: Thresholds) -> Decision:
    home, judged_at = settings.home, settings.clock.now()
    with examined(delta, thresholds, home.build / "scratch") as examination:
        validation = None
        if delta.judged_rows:
            site = home.data_docs / delta.destination / delta.build_id
            run = Run(destination=delta.destination, build_id=delta.build_id, at=judged_at, site=site)
            validation = validate(examination.frame(), examination.measures(), thresholds, run)
        reasons = validation.reasons() if validation else {}
        closed = bool(validation and validation.failed_sets)
        _publish(examination.connection, delta, reasons, closed, to_text(judged_at))
        decision = Decision(
            file_id=delta.file_id,
            file_sha256=delta.sha256,
            decision="closed" if closed else "open",
            suite_version=SUITE_VERSION,
            judged_at=to_text(judged_at),
            rows=delta.rows,
            passed=delta.judged_rows - len(reasons),
            quarantined=len(reasons),
            past_expiry=delta.past_expiry,
            failures=_failures(delta, examination, validation, thresholds) if validation else (),
            data_docs=str(validation.data_docs) if validation else "",
            gate_file_sha256=sha256_of(delta.gate_path),
        )
    decisions.write(delta, decision)
    _log.info(
        "%s is %s: %s. Data Docs: %s", delta.file_id, decision.decision, decision.counts(), decision.data_docs or "none"
    )
    return decision


def _publish(
    connection: duckdb.DuckDBPyConnection,
    delta: DeltaFile,
    reasons: dict[int, list[str]],
    everything: bool,
    judged_at: str,
) -> None:
    """Writes the gate file: one row per quarantined event, or per row of the file when the file is closed."""
    connection.execute("create or replace temp table quarantined (row_number bigint, reasons varchar[])")
    connection.execute(
        "insert into quarantined select unnest($rows), unnest($reasons)",
        {"rows": list(reasons), "reasons": list(reasons.values())},
    )
    connection.execute(
        f"create or replace temp table gate as {_PUBLISHED}",
        {
            "destination": delta.destination,
            "file_id": delta.file_id,
            "build_id": delta.build_id,
            "judged_at": judged_at,
            "suite_version": SUITE_VERSION,
            "everything": everything,
        },
    )
    with written_aside(delta.gate_path) as aside:
        connection.execute("copy (from gate order by row_number) to ? (format parquet, compression zstd)", [str(aside)])


def _failures(
    delta: DeltaFile, examination: Examination, validation: Validation, thresholds: Thresholds
) -> tuple[Failure, ...]:
    """Every expectation that did not hold: those of the set first, then those of rows, each with example events."""
    limits = {rule.name: f"{rule.expects}: at most {shown(rule.limit(thresholds))}" for rule in SET_RULES}
    quarantined = sorted(validation.reasons())[:EXAMPLES]
    sets = tuple(
        Failure(
            expectation=name,
            expected=limits.get(name, "can be evaluated"),
            observed=observed,
            examples=tuple(
                examination.names(quarantined) if name == "quarantined_share" else examination.examples(name)
            ),
            level="set",
        )
        for name, observed in validation.failed_sets.items()
    )
    rows = tuple(
        Failure(
            expectation=rule.name,
            expected=rule.expects,
            observed=f"{len(validation.failed_rows[rule.name])} of {delta.judged_rows} rows",
            examples=tuple(examination.names(validation.failed_rows[rule.name][:EXAMPLES])),
            level="row",
        )
        for rule in ROW_RULES
        if rule.name in validation.failed_rows
    )
    return sets + rows
