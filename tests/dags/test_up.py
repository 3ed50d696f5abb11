"""``make up``'s module under a real scheduler: one DAG is triggered, the other three start through their Assets."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from waybill.airflow.living import LivingAirflow
from waybill.emulator import Book

UP = [sys.executable, "-W", "ignore", "-m", "waybill.airflow.up"]
STARTED_BY_ASSETS = ("build_conversion_events", "deliver_conversions", "refresh_delivery_marts")
LIMIT_SECONDS = 900


def eventually(what: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    """Asks again until the answer is true; the limit only ends a hang."""
    end = time.monotonic() + LIMIT_SECONDS
    while not (answer := what()):
        assert process.poll() is None, "make up ended by itself"
        assert time.monotonic() < end, "this never became true"
        time.sleep(2)
    return answer


def session_of(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("WAYBILL_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def living(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path, LivingAirflow]]:
    home = tmp_path / "home"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("WAYBILL_", "AIRFLOW"))}
    env = {**kept, "WAYBILL_HOME": str(home)}
    with subprocess.Popen(UP, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        login = re.search(r"(http://127\.0\.0\.1:\d+)\s+user admin, password (\S+)", said)
        assert login, said
        try:
            yield process, home, LivingAirflow(login[1], login[2])
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()


def test_triggering_extraction_delivers_through_assets_and_ctrl_c_ends_all(
    living: tuple[subprocess.Popen[str], Path, LivingAirflow],
) -> None:
    process, home, airflow = living

    # A login is asked for, and nothing listens beyond this machine.
    assert requests.get(f"{airflow.url}/api/v2/dags", timeout=30).status_code == 401
    listening = {
        connection.laddr.ip
        for member in session_of(home)
        for connection in member.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    assert (home / "airflow" / "passwords.json").stat().st_mode & 0o077 == 0

    # Only extraction is triggered.
    run_id = airflow.trigger("extract_warehouse")
    eventually(
        lambda: [r for r in airflow.runs("extract_warehouse") if (r["dag_run_id"], r["state"]) == (run_id, "success")],
        process,
    )
    for dag_id in STARTED_BY_ASSETS:
        eventually(
            lambda dag_id=dag_id: [
                run for run in airflow.runs(dag_id) if (run["run_type"], run["state"]) == ("asset_triggered", "success")
            ],
            process,
        )
    for dag_id in ("build_conversion_events", "refresh_delivery_marts"):
        assert {run["run_type"] for run in airflow.runs(dag_id)} == {"asset_triggered"}

    # What the platform received is what the ledger says was accepted, and the Assets carry the counts.
    sent = eventually(lambda: Book(home / "emulator.sqlite").events(), process)
    eventually(lambda: _accepted(home) == len(Book(home / "emulator.sqlite").events()) > 1000, process)
    assert len({(event.dataset, event.event_name, event.event_id) for event in sent}) == len(sent)
    events = airflow.ask("GET", "/assets/events?order_by=timestamp")["asset_events"]
    extras = {event["source_task_id"]: event["extra"] for event in events if event["extra"].get("rows", 1)}
    assert extras["extract"]["rows"] > 0
    assert extras["gate"]["destination"] == extras["deliver"]["destination"] == "meta"

    # Ctrl-C.
    members = session_of(home)
    assert len(members) > 5
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=LIMIT_SECONDS) == 0
    assert session_of(home) == []


def _accepted(home: Path) -> int:
    with sqlite3.connect(home / "ledger.sqlite") as ledger:
        (count,) = ledger.execute("select coalesce(sum(events), 0) from batches where state = 'accepted'").fetchone()
    return int(count)
