"""README's commands do what README says: each of them is run, and a new one cannot slip in unrun."""

import json
import os
import re
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import secrets_scan

from started import alive_in
from waybill.emulator import Book

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FENCES = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line.split("#")[0].strip() for fence in FENCES for line in fence.splitlines() if line.strip()]
ASKED = [command for command in COMMANDS if command.startswith(".venv/bin/waybill ")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `make demo` puts everything in this test; README's own default is ./data."""
    return tmp_path_factory.mktemp("readme") / "data"


@pytest.fixture(scope="module")
def demo(home: Path) -> str:
    """What `make demo` printed."""
    return run_demo(home)


def run_demo(home: Path) -> str:
    misleading = {  # settings around it that a local run must not look at
        "WAYBILL_WAREHOUSE_URI": "duckdb:////nowhere/real.duckdb",
        "WAYBILL_META_BASE_URL": "https://graph.facebook.com",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////nowhere/real.db",
    }
    env = {**environment(home), **misleading}
    done = subprocess.run(["make", "demo"], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(home: Path) -> dict[str, str]:
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("WAYBILL_", "AIRFLOW", "MAKE", "MFLAGS"))
    }
    return {**kept, "WAYBILL_HOME": str(home)}


def received(home: Path) -> list[tuple[str, str, str | None]]:
    return [(event.dataset, event.event_name, event.event_id) for event in Book(home / "emulator.sqlite").events()]


def balance(home: Path) -> dict[str, int | bool]:
    asked = [".venv/bin/waybill", "balance", "--json"]
    done = subprocess.run(asked, cwd=ROOT, env=environment(home), capture_output=True, text=True, check=True)
    found: dict[str, int | bool] = json.loads(done.stdout)["destinations"]["meta"]
    return found


def successful_runs(home: Path) -> dict[str, int]:
    with closing(sqlite3.connect(home / "airflow" / "airflow.db")) as connection:
        found = connection.execute("select dag_id, count(*) from dag_run where state = 'success' group by dag_id")
        return dict(found.fetchall())


def test_these_are_all_the_commands_there_are() -> None:
    assert set(COMMANDS) == {"make demo", "make up", "export WAYBILL_HOME=data", *ASKED}
    assert len(ASKED) == 7


def test_make_demo_tells_the_story(demo: str) -> None:
    for promised in ("What came in and what went on", "Balance · meta", "Lag · meta", "The sums agree", "explained"):
        assert promised in demo
    assert re.search(r"accepted\s+│\s+[1-9]", demo)


def test_what_can_be_asked_after_a_demo_is_answered(demo: str, home: Path) -> None:
    for command in [*ASKED, f".venv/bin/waybill explain {explained_order(demo)}"]:
        done = subprocess.run(
            command.split(), cwd=ROOT, env=environment(home), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout.strip()


def test_the_second_demo_delivers_only_the_delta(demo: str, home: Path) -> None:
    sent_first, runs = received(home), successful_runs(home)
    assert runs == dict.fromkeys(
        ("extract_warehouse", "build_conversion_events", "deliver_conversions", "refresh_delivery_marts"), 1
    )
    assert balance(home)["balanced"] is True and balance(home)["accepted"] == len(sent_first) > 1000

    assert "The sums agree" in run_demo(home)
    sent = received(home)
    assert sent[: len(sent_first)] == sent_first
    assert 0 < len(sent) - len(sent_first) < len(sent_first) / 4
    assert len(set(sent)) == len(sent), "an event was sent twice"
    assert balance(home)["balanced"] is True and balance(home)["accepted"] == len(sent)
    assert set(successful_runs(home).values()) == {2}
    assert alive_in(home) == []


def test_make_up_lives_until_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        ["make", "up"], cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as living:
        assert living.stdout is not None
        told = []
        for line in living.stdout:
            told.append(line)
            if "Ctrl-C ends everything" in line:
                break
        family = psutil.Process(living.pid).children(recursive=True)
        assert len(family) > 4
        os.killpg(living.pid, signal.SIGINT)
        living.stdout.read()
        living.wait()
    assert any("http://127.0.0.1:" in line for line in told), told
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_no_tracked_file_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert secrets_scan.main() == 0


def explained_order(told: str) -> str:
    found = re.search(r"^shop/orders/([\w.-]+)(?:/\d+)? as Purchase for meta: accepted", told, flags=re.MULTILINE)
    assert found
    return found.group(1)
