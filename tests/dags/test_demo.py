"""``make demo``'s module, run as a person runs it: twice, interrupted, and where it must not run."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from waybill.emulator import Book

DEMO = [sys.executable, "-W", "ignore", "-m", "waybill.airflow.demo"]
WAYBILL = [sys.executable, "-W", "ignore", "-c", "from waybill.cli import main; main()"]


def environment(home: Path) -> dict[str, str]:
    """The machine's own, with settings around it that a local run must not look at."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("WAYBILL_", "AIRFLOW"))}
    return {
        **kept,
        "WAYBILL_HOME": str(home),
        "WAYBILL_WAREHOUSE_URI": "duckdb:////nowhere/real.duckdb",
        "WAYBILL_META_BASE_URL": "https://graph.facebook.com",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////nowhere/real.db",
    }


def run_demo(home: Path) -> str:
    done = subprocess.run(DEMO, env=environment(home), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def received(home: Path) -> list[tuple[str, str, str | None]]:
    return [(event.dataset, event.event_name, event.event_id) for event in Book(home / "emulator.sqlite").events()]


def balance(home: Path) -> dict[str, int | bool]:
    own = {key: value for key, value in environment(home).items() if not key.startswith("WAYBILL_META")}
    own.pop("WAYBILL_WAREHOUSE_URI")
    done = subprocess.run([*WAYBILL, "balance", "--json"], env=own, capture_output=True, text=True, check=True)
    found: dict[str, int | bool] = json.loads(done.stdout)["destinations"]["meta"]
    return found


def successful_runs(home: Path) -> dict[str, int]:
    with sqlite3.connect(home / "airflow" / "airflow.db") as connection:
        found = connection.execute("select dag_id, count(*) from dag_run where state = 'success' group by dag_id")
        return dict(found.fetchall())


def alive_in(home: Path) -> list[str]:
    """Processes that were started for this home and still live."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("WAYBILL_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def test_the_second_demo_delivers_only_the_delta(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = run_demo(home)
    assert "The sums agree" in first and "explain" in first
    sent_first = received(home)
    assert successful_runs(home) == dict.fromkeys(
        ("extract_warehouse", "build_conversion_events", "deliver_conversions", "refresh_delivery_marts"), 1
    )
    assert balance(home)["balanced"] is True and balance(home)["accepted"] == len(sent_first) > 1000

    second = run_demo(home)
    assert "The sums agree" in second
    sent = received(home)
    assert sent[: len(sent_first)] == sent_first
    assert 0 < len(sent) - len(sent_first) < len(sent_first) / 4
    assert len(set(sent)) == len(sent), "an event was sent twice"
    assert balance(home)["balanced"] is True and balance(home)["accepted"] == len(sent)
    assert set(successful_runs(home).values()) == {2}
    assert alive_in(home) == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_process_and_can_be_run_again(tmp_path: Path, sign: signal.Signals) -> None:
    home = tmp_path / "home"
    with subprocess.Popen(DEMO, env=environment(home), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("DAG build_conversion_events"):
                break
        assert len(alive_in(home)) >= 3  # itself, the emulator, the chain
        process.send_signal(sign)
        rest = process.stdout.read()
    assert "Stopped" in rest and process.returncode == 130
    assert alive_in(home) == []


def test_a_home_with_real_data_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "ledger.sqlite").write_bytes(b"real")
    done = subprocess.run(DEMO, env=environment(home), capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "WAYBILL_HOME" in done.stdout and str(home) in done.stdout
    assert [path.name for path in home.iterdir()] == ["ledger.sqlite"]
