"""What judging a delta file costs: `gate.py [ROWS …]`, CPU-seconds and peak memory, each in a process of its own.

The events are the realistic ones of the gate's tests, a thousand of them repeated under other keys, so that no rule is
broken; with `--bad` every row breaks two rules.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "quality"))

from deltas import NOW, SCHEMA, Shop, write_table

from waybill.quality.gate import judge
from waybill.settings import Settings, load_settings

_REPEATED = """
with repeated as (
    select
        seeds.* replace (
            source_key || 'x' || round as source_key,
            event_id || 'x' || round as event_id,
            regexp_replace(payload, '"(event_id|order_id)":"([^"]+)"', '"\\1":"\\2x' || round || '"', 'g') as payload
        ),
    from seeds, range($rounds) as rounds(round)
)

select
    repeated.* replace (
        row_number() over () - 1 as row_number,
        case when $is_bad then 'none' else sha256(payload) end as payload_digest,
        case when $is_bad then frozen_at else expires_at end as expires_at
    ),
from repeated
"""


def main(sizes: list[int], is_bad: bool) -> None:
    print(f"{'rows':>9}  CPU-s  wall s  peak MB  decision")  # noqa: T201
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder, multiprocessing.get_context("spawn").Pool(1) as pool:
            pool.apply(make, (folder, rows, is_bad))
            with multiprocessing.get_context("spawn").Pool(1) as judge_pool:
                cpu, wall, peak, decision = judge_pool.apply(run, (folder,))
        print(f"{rows:>9}{cpu:7.1f}{wall:8.1f}{peak:9.0f}  {decision}", flush=True)  # noqa: T201


def settings_of(folder: str) -> Settings:
    return load_settings({"WAYBILL_HOME": folder}).model_copy(update={"as_of": NOW})


def make(folder: str, rows: int, is_bad: bool) -> None:
    """Writes the delta file."""
    home = settings_of(folder).home
    seeds = [row.finished(position) for position, row in enumerate(Shop().rows(min(rows, 1000)))]
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        connection.register("seeds", pa.Table.from_pylist(seeds, schema=SCHEMA))
        repeated = connection.sql(_REPEATED, params={"rounds": max(1, rows // 1000), "is_bad": is_bad}).to_arrow_table()
    write_table(home, repeated.cast(SCHEMA))


def run(folder: str) -> tuple[float, float, float, str]:
    """Judges it in this fresh process: CPU-seconds and wall seconds since its start, peak memory in MB."""
    from waybill import delta

    settings = settings_of(folder)
    newest = delta.newest(settings.home, "meta")
    assert newest is not None
    started = time.monotonic()
    decision = judge(settings, newest)
    wall = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = ", ".join([decision.decision, f"{decision.quarantined} quarantined", *sorted(decision.failed_sets())])
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, told


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument != "--bad"]
    main(numbers or [1_000, 100_000, 1_000_000], "--bad" in sys.argv)
