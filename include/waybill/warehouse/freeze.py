"""Freezing: what is sendable and enrolled nowhere becomes one immutable delta file per destination.

Identity is decided here: a source key goes to a destination once under one event name, an event_id names one
conversion. The freeze never opens the network and never writes the ledger; it reads which files are enrolled.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from waybill import builds
from waybill.delivery import keyfiles, withdrawals
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.delta import DeltaFile
from waybill.files import sha256_of, written_aside
from waybill.home import Home
from waybill.quality.suites import suite_version
from waybill.thresholds import Thresholds

_ENROLLED = """
create or replace temp view enrolled as
select * from {keys} as keys
"""

_LAST_JUDGED = """
create or replace temp table last_judged as
select event_name, source_key, payload_digest, value, reasons, build_id
from read_parquet($gate, union_by_name = true)
where state = 'quarantined' and suite_version = $suite_version
qualify row_number() over (partition by event_name, source_key order by build_order(build_id) desc) = 1
"""

_FROZEN = """
create or replace temp table frozen as
with sendable as (
    select *
    from destinations.{destination}_events
    where verdict = 'sendable'
),

-- A dataset may change after enrolment; the conversion is still the same one and is not sent again.
not_enrolled as (
    select sendable.*
    from sendable
    anti join enrolled using (event_name, source_key)
),

event_ids_enrolled as (
    select distinct dataset, event_name, event_id
    from enrolled
),

with_event_id_holder as (
    select
        not_enrolled.*,
        event_ids_enrolled.event_id is not null
        or row_number() over (
            partition by not_enrolled.dataset, not_enrolled.event_name, not_enrolled.event_id
            order by not_enrolled.occurred_at, not_enrolled.source_key
        ) > 1 as event_id_taken,
    from not_enrolled
    left join event_ids_enrolled using (dataset, event_name, event_id)
),

-- Some reasons go away although the row stays as it is: an event_id is free again, a moment has come.
quarantined_as_it_is as (
    select fresh.event_name, fresh.source_key, last_judged.build_id
    from with_event_id_holder as fresh
    inner join last_judged using (event_name, source_key, payload_digest)
    where
        fresh.value is not distinct from last_judged.value
        and (fresh.event_id_taken or not list_contains(last_judged.reasons, 'event_id_taken'))
        and (fresh.occurred_at > $frozen_at or not list_contains(last_judged.reasons, 'event_time_in_future'))
),

judged_anew as (
    select
        with_event_id_holder.*,
        quarantined_as_it_is.build_id as left_out_since,
        with_event_id_holder.expires_at <= $frozen_at as past_expiry,
    from with_event_id_holder
    left join quarantined_as_it_is using (event_name, source_key)
)

select
    case
        when left_out_since is null
            then row_number() over (
                partition by left_out_since is null
                order by past_expiry, dataset, expires_at, source_key, event_kind
            ) - 1
    end as row_number,
    source_key, event_kind, event_name, event_id, dataset, occurred_at, committed_at, landed_at,
    cast($frozen_at as timestamptz) as frozen_at,
    expires_at, expires_reason, value, currency, payload, payload_digest, event_id_taken, past_expiry,
    left_out_since,
from judged_anew
"""

_SIZES = """
select
    count(*) filter (left_out_since is null),
    count(*) filter (left_out_since is null and past_expiry),
    count(*) filter (build_order(left_out_since) > build_order($after))
from frozen
"""

_WITHDRAWALS = """
with files as (
    select unnest($unsettled) as file_id, unnest($paths) as path
),

-- What is enrolled goes byte for byte or not at all: limits that a person has set since take it back.
limited_since as (
    select enrolled.file_id, enrolled.row_number
    from enrolled
    inner join destinations.{destination}_events as current_events using (event_name, source_key)
    inner join files using (file_id)
    inner join read_parquet($readable, filename = true) as frozen
        on files.path = frozen.filename
        and enrolled.row_number = frozen.row_number
    where
        current_events.consent_limits is not null
        and not contains(frozen.payload, current_events.consent_limits)
)

select
    enrolled.file_id, enrolled.row_number, enrolled.destination, enrolled.dataset, enrolled.event_name,
    enrolled.source_key, enrolled.event_id,
    case
        when current_events.source_key is null then 'not_a_conversion'
        when limited_since.file_id is not null then 'consent'
        when list_bool_or([starts_with(reason, 'ours:consent') for reason in current_events.reasons]) then 'consent'
        when list_contains(current_events.reasons, 'ours:cancelled') then 'cancelled'
        when list_contains(current_events.reasons, 'ours:refunded') then 'refunded'
        else current_events.verdict
    end as reason,
from enrolled
left join destinations.{destination}_events as current_events using (event_name, source_key)
left join limited_since using (file_id, row_number)
where
    list_contains($unsettled, enrolled.file_id)
    and (
        current_events.source_key is null
        or current_events.verdict <> 'sendable'
        or limited_since.file_id is not null
    )
"""

_CHANGES = """
create or replace temp table changes as
select
    enrolled.destination, enrolled.file_id, enrolled.row_number, enrolled.event_name, enrolled.source_key,
    enrolled.event_id, enrolled.dataset, enrolled.value, enrolled.currency, enrolled.occurred_at,
    current_events.event_id as event_id_now, current_events.dataset as dataset_now,
    current_events.value as value_now, current_events.currency as currency_now,
    current_events.occurred_at as occurred_at_now, current_events.verdict as verdict_now,
    cast($frozen_at as timestamptz) as changed_at,
from enrolled
inner join destinations.{destination}_events as current_events using (event_name, source_key)
where
    current_events.build_seq > $last_good_seq
    and (enrolled.event_id, enrolled.dataset, enrolled.value, enrolled.currency, enrolled.occurred_at)
    is distinct from (
        current_events.event_id, current_events.dataset, current_events.value, current_events.currency,
        current_events.occurred_at
    )
"""

CHANGES_COLUMNS = """
    destination varchar, file_id varchar, row_number bigint, event_name varchar, source_key varchar,
    event_id varchar, dataset varchar, value decimal(18, 4), currency varchar, occurred_at timestamptz,
    event_id_now varchar, dataset_now varchar, value_now decimal(18, 4), currency_now varchar,
    occurred_at_now timestamptz, verdict_now varchar, changed_at timestamptz
"""


@dataclass(frozen=True)
class Freeze:
    """What one destination's freeze found: the delta file, and how many enrolled events changed or are withdrawn."""

    delta: DeltaFile
    withdrawals: int
    changed_after_enrolment: int


def freeze(
    warehouse: duckdb.DuckDBPyConnection,
    home: Home,
    destination: str,
    build_id: str,
    last_good_seq: int,
    now: datetime,
    thresholds: Thresholds,
) -> Freeze:
    """Writes the delta file, its withdrawals and its sidecar, in that order; the sidecar makes it count."""
    with Ledger.open_readonly(home) as ledger:
        after = ledger.last_enrolled(destination)
        ensure_keys(home, ledger)
    warehouse.execute(_ENROLLED.format(keys=keyfiles.standing(home, destination)))
    warehouse.execute(builds.ORDER_MACRO)
    warehouse.execute(
        _LAST_JUDGED,
        {
            "gate": str(home.published / "gate" / destination / "*.parquet"),
            "suite_version": suite_version(thresholds),
        },
    )
    warehouse.execute(_FROZEN.format(destination=destination), {"frozen_at": now})
    path = home.delta / destination / f"{build_id}.parquet"
    rows, past_expiry, left_out = warehouse.execute(_SIZES, {"after": after.rpartition("/")[2]}).fetchall()[0]
    with written_aside(path) as aside:
        warehouse.execute(
            "copy (select * exclude (left_out_since) from frozen where left_out_since is null order by row_number) "
            "to ? (format parquet, compression zstd, row_group_size 10000)",  # small, so that a batch reads little
            [str(aside)],
        )
    warehouse.execute("drop table frozen")
    delta = DeltaFile(
        path=path,
        destination=destination,
        build_id=build_id,
        frozen_at=now,
        after=after,
        rows=int(rows),
        past_expiry=int(past_expiry),
        sha256=sha256_of(path),
        left_out=int(left_out),
    )
    withdrawn = _write_withdrawals(warehouse, home, delta)
    changed = _publish_changes(warehouse, home, delta, last_good_seq)
    delta.write_sidecar()
    return Freeze(delta=delta, withdrawals=withdrawn, changed_after_enrolment=changed)


def _write_withdrawals(warehouse: duckdb.DuckDBPyConnection, home: Home, delta: DeltaFile) -> int:
    """Looks again at what is enrolled: a delivery may have enrolled another file while this one was made."""
    with Ledger.open_readonly(home) as ledger:
        ensure_keys(home, ledger)
        files = [file for file in ledger.enrolled_files(delta.destination) if file.settled_at is None]
    unsettled = {file.file_id: str(home.root / file.path) for file in files}
    warehouse.execute(_ENROLLED.format(keys=keyfiles.standing(home, delta.destination)))
    query = _WITHDRAWALS.format(destination=delta.destination)
    # From a file that is lost nothing can be sent, and delivery says so. The new one is named so that one is.
    readable = [*(path for path in unsettled.values() if Path(path).exists()), str(delta.path)]
    warehouse.execute(
        f"create or replace temp table withdrawals as {query}",
        {"unsettled": list(unsettled), "paths": list(unsettled.values()), "readable": readable},
    )
    withdrawals.write(warehouse, "withdrawals", delta.withdrawals_path)
    return int(warehouse.execute("select count(*) from withdrawals").fetchall()[0][0])


def _publish_changes(warehouse: duckdb.DuckDBPyConnection, home: Home, delta: DeltaFile, last_good_seq: int) -> int:
    """Publishes what changed after enrolment: reported, never sent."""
    warehouse.execute(
        _CHANGES.format(destination=delta.destination),
        {"frozen_at": delta.frozen_at, "last_good_seq": last_good_seq},
    )
    count = int(warehouse.execute("select count(*) from changes").fetchall()[0][0])
    if count:
        path = home.published / "changes" / delta.destination / f"{delta.build_id}.parquet"
        with written_aside(path) as aside:
            warehouse.execute("copy (from changes) to ? (format parquet)", [str(aside)])
    return count
