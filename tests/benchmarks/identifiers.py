"""What it costs to normalise and hash the contact data of a million orders: `identifiers.py [ROWS]`.

Each order is by another person; a shop whose customers come back has fewer. dbt builds int_identities_latest over
them, and the SQL that it compiled is run again, three times each in a process of its own: as it is, and with all
columns null but those of one identifier. What the model takes when all are null (reading, finding the newest version
of each person, joining) is no identifier's.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from people import COLUMNS, people

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "dbt"))

from dbt_home import DbtHome

MODEL: Final = "int_identities_latest"
RUNS: Final = 3
CONTACT: Final = COLUMNS[1:]
COLUMN_OF: Final = {
    "em": "email",
    "ph": "phone",
    "fn": "first_name",
    "ln": "last_name",
    "ge": "gender",
    "db": "birth_date",
    "ct": "city",
    "st": "state",
    "zp": "postal_code",
    "country": "country",
}
NEEDS_COUNTRY: Final = ("ph", "st", "zp")
Cost = tuple[float, float, float]


def main(rows: int) -> None:
    """Prints CPU-seconds, wall seconds and the peak of memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        home = DbtHome(Path(folder))
        land(home, rows)
        home.build("--select", f"+{MODEL}", "--exclude-resource-type", "test", "unit_test")
        [compiled] = (home.root / "build" / "target" / "compiled").rglob(f"{MODEL}.sql")
        sql = compiled.read_text(encoding="utf-8")
        # A customer's id cannot be null, so external_id is taken out of the select instead.
        others = f"select * exclude (external_id) from ({sql})"
        print(f"{rows} people, median of {RUNS}\n{'':24}CPU-s  wall s  peak MB")  # noqa: T201
        nothing = show("no identifier", cost(home.root, others, []))
        country = show("country", cost(home.root, others, ["country"]), nothing)
        for identifier, column in COLUMN_OF.items():
            if identifier in NEEDS_COUNTRY:
                show(identifier, cost(home.root, others, [column, "country"]), country)
            elif identifier != "country":
                show(identifier, cost(home.root, others, [column]), nothing)
        show("external_id", cost(home.root, sql, []), nothing)
        whole = show("the whole model", cost(home.root, sql, CONTACT))
        show("all identifiers", whole, nothing)


def land(home: DbtHome, rows: int) -> None:
    """Writes the people as extraction lands customers."""
    columns = zip(*people(rows), strict=True)
    moment = pa.array([home.now] * rows, pa.timestamp("us", "UTC"))
    table = {name: pa.array(values, pa.string()) for name, values in zip(COLUMNS, columns, strict=True)}
    table |= {"_run_id": pa.array(["benchmark"] * rows)}
    table |= dict.fromkeys(("created_at", "updated_at", "_extracted_at", "_window_start", "_window_end"), moment)
    file = home.root / "landing" / "shop" / "customers" / "benchmark.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table(table), file, compression="zstd")


def cost(root: Path, sql: str, filled: Sequence[str]) -> Cost:
    """CPU-seconds, wall seconds and peak memory of the SQL with only these columns filled; each the median."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        costs = pool.starmap(run, [(root, sql, filled)] * RUNS, chunksize=1)
    cpu, wall, peak = (median(values) for values in zip(*costs, strict=True))
    return cpu, wall, peak


def run(root: Path, sql: str, filled: Sequence[str]) -> Cost:
    """One run, with the database's options of profiles.yml."""
    options = {"preserve_insertion_order": False, "memory_limit": "2GB", "temp_directory": str(root / "build" / "tmp")}
    with duckdb.connect(str(root / "warehouse.duckdb"), config=options) as db:
        db.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        db.execute("begin")
        columns = ", ".join(name if name in filled else f"null::varchar as {name}" for name in CONTACT)
        db.execute(
            f"create or replace view staging.stg_shop__customers as select customer_id, {columns}, updated_at,"
            f" _extracted_at, filename as _landing_file"
            f" from read_parquet('{root}/landing/shop/customers/*.parquet', filename = true)"
        )
        before, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        db.execute(f"create temp table identities as {sql}")
        after, wall = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - started
        db.execute("rollback")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, after.ru_maxrss / 1024


def show(name: str, whole: Cost, base: Cost | None = None) -> Cost:
    """Prints a line: what it takes above the base, and gives the whole."""
    cpu, wall, peak = whole
    more = (cpu - base[0], wall - base[1]) if base else (cpu, wall)
    print(f"{name:20}{more[0]:9.1f}{more[1]:8.1f}{peak:9.0f}", flush=True)  # noqa: T201
    return whole


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
