"""One story, told once: planted values go through every step, and every kind of failure, with all debug logging on."""

import csv
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import planted
import psutil
from planted import AS_OF, PASSWORDS, PERSON, TOKEN

from waybill.airflow.local import Emulator as Address
from waybill.airflow.local import local_environment
from waybill.airflow.processes import Session, started
from waybill.emulator import Emulator, running
from waybill.home import Home, HomeFacts
from waybill.settings import load_settings

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
DATASET = "1029384756"
POISON = "select cast(email as integer) as number from {{ ref('stg_shop__customers') }} where email is not null"
FAULTS = (
    *("quoting", "page", "drop", "accept_then_server_error", "accept_then_too_few", "accept_then_error_inside"),
    *("accept_then_cut", "accept_then_reset", "not_ready"),
)

_TEXT_AS_QUANTITY = """
alter table order_lines alter column quantity type varchar;
insert into order_lines (order_id, line_number, quantity, updated_at)
values ('o-1', 9, 'zqcanary_quantity@example.com', timestamptz '2026-11-20 09:00:00+00')
"""
_VIEW_THAT_FAILS = """
create table held as from order_lines;
drop table order_lines;
create view order_lines as select * replace (cast(quantity as integer) as quantity) from held
"""
_MENDED = """
drop view order_lines;
create table order_lines as select * replace (try_cast(quantity as integer) as quantity) from held;
drop table held
"""
_TESTS_AFTER_ALL = """
update orders set is_test = true, updated_at = timestamptz '2026-11-20 11:59:00+00' where order_id like 'same-%'
"""
OF_AIRFLOW = re.compile(r"Sending request .*msg=MaskSecret\(")
"""What Airflow's in-process supervisor (``dag.test``, no other) writes of each secret that it is told to mask, when it
logs at DEBUG: of its own connections too, and nothing of ours is asked before."""


@dataclass
class Story:
    """What was left: ``folder`` holds the home, the emulator's book and all that was printed."""

    folder: Path
    outcomes: list[tuple[str, bool]] = field(default_factory=list)
    processes: "Watched" = field(default_factory=lambda: Watched())

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def shop(self) -> Path:
        return self.folder / "shop.duckdb"

    @property
    def said(self) -> Path:
        return self.folder / "said"


@dataclass
class Watched:
    """Arguments and environments of every process that a process of ours started, as the system lists them."""

    arguments: set[bytes] = field(default_factory=set)
    environments_of_dbt: set[bytes] = field(default_factory=set)
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.25):
            for process in psutil.Process().children(recursive=True):
                try:
                    arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
                    self.arguments.add(arguments)
                    if b"dbt_child" in arguments:
                        self.environments_of_dbt.add(Path(f"/proc/{process.pid}/environ").read_bytes())
                except OSError:
                    continue  # it has ended


def tell(folder: Path) -> Story:
    story = Story(folder)
    _begin(story)
    with (
        running(folder / "book.sqlite", {DATASET: TOKEN}, now=lambda: _platforms_clock(folder)) as platform,
        story.processes.watching(),
    ):
        environment = _environment(story, platform)
        with started(
            [sys.executable, "-W", "ignore", str(HERE / "airflow_runs.py")],
            env=environment,
            log=story.said / "airflow.log",
            piped=True,
        ) as airflow:
            airflow.input.write(json.dumps(_connections(story, platform)) + "\n")
            _run_dags(story, platform, airflow, environment)
        _ask(story, environment)
    log = story.said / "airflow.log"
    kept = [line for line in log.read_text(encoding="utf-8").splitlines() if not OF_AIRFLOW.search(line)]
    log.write_text("\n".join(kept), encoding="utf-8")
    return story


def _begin(story: Story) -> None:
    """A home, its configuration, a copy of the dbt project to poison, and the shop."""
    story.home.mkdir()
    story.said.mkdir()
    facts = HomeFacts(is_sample=True, as_of=AS_OF, start_at=AS_OF - timedelta(days=30))
    (story.home / "home.toml").write_text(facts.to_toml())
    (story.home / "home.toml").chmod(0o600)
    shutil.copytree(
        PROJECT / "dbt_project", story.folder / "dbt_project", ignore=shutil.ignore_patterns("target", "logs")
    )
    text = (PROJECT / "include" / "waybill.toml").read_text()
    text = text.replace("batch_size = 1000", "batch_size = 5").replace("threads = 4", "threads = 1")
    (story.folder / "waybill.toml").write_text(text)
    planted.shop(story.shop, load_settings({"WAYBILL_HOME": str(story.home)}).sources["shop"])


def _environment(story: Story, platform: Emulator) -> dict[str, str]:
    """What a local run of Airflow sees, and debug logging wherever it can be asked for."""
    port = int(platform.base_url.rpartition(":")[2])
    before = os.umask(0o077)
    try:
        local = local_environment(Home(story.home), Address(port))
    finally:
        os.umask(before)
    del local["WAYBILL_META_ACCESS_TOKEN"], local["WAYBILL_META_DATASET_ID"]
    return {
        **local,
        "WAYBILL_CONFIG": str(story.folder / "waybill.toml"),
        "WAYBILL_DBT_PROJECT_DIR": str(story.folder / "dbt_project"),
        "WAYBILL_LOG_LEVEL": "debug",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "DBT_LOG_LEVEL": "debug",
        "DBT_DEBUG": "1",
        "PYTHONPATH": str(HERE),
    }


def _connections(story: Story, platform: Emulator) -> list[dict[str, str]]:
    extra = json.dumps({"dataset_id": DATASET, "base_url": platform.base_url})
    return [
        {"conn_id": "waybill_meta", "conn_type": "waybill_meta", "password": TOKEN, "extra": extra},
        {"conn_id": "waybill_warehouse", "conn_type": "waybill_duckdb", "host": str(story.shop)},
    ]


def _run_dags(story: Story, platform: Emulator, airflow: Session, environment: dict[str, str]) -> None:
    def run(dag: str) -> None:
        airflow.input.write(f"{dag}\n")
        airflow.input.flush()
        answer: dict[str, Any] = json.loads(airflow.output.readline())
        story.outcomes.append((dag, answer["succeeded"]))

    # An address in a column of another type; then a view of the warehouse that fails on it.
    planted.change(story.shop, _TEXT_AS_QUANTITY)
    run("extract_warehouse")
    planted.change(story.shop, _VIEW_THAT_FAILS)
    run("extract_warehouse")
    planted.change(story.shop, _MENDED)
    run("extract_warehouse")

    [landed] = (story.home / "landing" / "shop" / "customers").glob("*.parquet")
    whole = landed.read_bytes()
    landed.write_bytes(whole[: len(whole) // 2])
    run("build_conversion_events")
    landed.write_bytes(whole)

    poison = story.folder / "dbt_project" / "models" / "intermediate" / "int_poison.sql"
    poison.write_text(POISON)
    run("build_conversion_events")
    shutil.copy(story.home / "build" / "logs" / "dbt.log", story.said / "dbt-failed.log")
    shutil.copy(story.home / "build" / "target" / "run_results.json", story.said / "failed-results.json")
    poison.unlink()

    left_over = story.home / "build" / "tmp" / "duckdb_temp_1_0_storage_DEFAULT-0.tmp"  # of a build that was killed
    left_over.parent.mkdir(exist_ok=True)
    left_over.write_text(planted.PERSON["email"])
    run("build_conversion_events")  # too many orders are one person's: the file is closed
    _decide(story, environment)
    planted.change(story.shop, _TESTS_AFTER_ALL)
    run("extract_warehouse")
    run("build_conversion_events")

    _set_platforms_clock(story.folder, hours=6)  # what is nearly too old is refused, and found among the others
    for number, fault in enumerate(FAULTS, start=1):
        platform.plan(fault, from_request=number)
    platform.plan("token_revoked", from_request=len(FAULTS) + 1)
    run("deliver_conversions")
    platform.clear_faults()
    with closing(sqlite3.connect(story.home / "ledger.sqlite")) as somebody:
        somebody.execute("begin immediate")
        run("deliver_conversions")
    run("deliver_conversions")
    run("refresh_delivery_marts")
    run("purge_home")


def _decide(story: Story, environment: dict[str, str]) -> None:
    """A person looks at the closed file, gives a reason that may not be kept, names no file, and opens it."""
    decision = max((story.home / "delta" / "meta").glob("*.decision.json"))
    file_id = f"meta/{decision.name.removesuffix('.decision.json')}"
    told = [PERSON["email"], PERSON["phone"], "a wholesaler, TICKET-7"]
    opened = [["gate", "open", "--file", file_id, "--because", because] for because in told]
    nowhere = ["gate", "open", "--file", "meta/../../../x'; drop", "--because", "a test"]
    _call(story, "gate", [["gate"], *opened[:2], nowhere, opened[2], opened[2], ["gate"]], environment)


def _ask(story: Story, environment: dict[str, str]) -> None:
    """Every question and every step of the command line."""
    identifiers = story.folder / "identifiers.csv"
    with identifiers.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("field", "input", "country", "order"))
        for field_name, name in (("em", "email"), ("ph", "phone"), ("fn", "first_name"), ("db", "birth_date")):
            writer.writerow((field_name, PERSON[name], "us", ""))
    asked = [
        *([verb, option] for option in ("", "--json") for verb in ("balance", "lag", "preview", "doctor", "config")),
        *(["ledger", verb, option] for option in ("", "--json") for verb in ("show", "audit")),
        *(["explain", key, "--json"] for key in ("o-1", "o-too-dear", "o-old", "o'; drop table orders; --", "same-1")),
        ["explain", "o-1"],
        ["explain", "$(touch /tmp/x)/../../x"],
        ["preview", "o-1", "--json"],
        ["normalize", str(identifiers)],
        ["normalize", str(identifiers), "--json"],
        ["ledger", "withdraw", "o-1", "--because", "a test"],
        ["ledger", "requeue", "o-old", "--because", "a test"],
        ["ledger", "resolve", "o-1", "--sent", "--because", "a test"],
        ["pause", "meta", "--because", "a test"],
        ["resume", "meta"],
        ["probe"],
        ["publish"],
        ["diff"],
        ["ledger", "forget", "p-3", "--dry-run"],
        ["ledger", "forget", "p-3", "--because", "a test", "--json"],
        ["purge", "--dry-run", "--json"],
        ["purge"],
        ["ledger", "audit", "--json"],
    ]
    calls = [[argument for argument in call if argument] for call in asked]
    token = {"WAYBILL_META_ACCESS_TOKEN": TOKEN, "WAYBILL_META_DATASET_ID": DATASET}
    uri = {"WAYBILL_WAREHOUSE_URI": f"duckdb:///{story.shop}"}
    _call(story, "verbs", calls, {**environment, **token, **uri})
    away = f"postgresql://reader:{_escaped(PASSWORDS['warehouse'])}@127.0.0.1:9/shop"
    ledger = f"postgresql://writer:{_escaped(PASSWORDS['ledger'])}@127.0.0.1:9/ledger"
    elsewhere = {"WAYBILL_WAREHOUSE_URI": away, "WAYBILL_LEDGER_URI": ledger}
    _call(story, "away", [["extract"], ["deliver"], ["balance"], ["config"]], {**environment, **token, **elsewhere})


def _call(story: Story, name: str, calls: list[list[str]], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(HERE / "verbs.py")],
        input=json.dumps(calls),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    (story.said / f"{name}.out").write_text(done.stdout)
    (story.said / f"{name}.err").write_text(done.stderr)


def _escaped(password: str) -> str:
    return quote(password, safe="")


def _platforms_clock(folder: Path) -> Any:
    ahead = folder / "ahead"
    return AS_OF + timedelta(hours=int(ahead.read_text()) if ahead.exists() else 0)


def _set_platforms_clock(folder: Path, *, hours: int) -> None:
    (folder / "ahead").write_text(str(hours))
