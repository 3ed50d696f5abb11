"""SIGTERM: a delivery ends within ten seconds, and no answer that came is forgotten."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from chain import START_AT, Chain, environment
from oracle import violations
from outbox import NOW, events

from waybill.clock import from_text
from waybill.emulator import Emulator
from waybill.home import HomeFacts

LONGEST = 10.0
"""Seconds from SIGTERM to the end."""

BEFORE_AIRFLOW_KILLS = 5.0


VERB = ["-m", "waybill", "deliver"]
TASK = [
    "-c",
    """
import signal
signal.signal(signal.SIGTERM, lambda *_: None)  # as Airflow's task runner has it: PythonOperator does nothing on_kill
from waybill import jobs
from waybill.airflow import tasks
from waybill.settings import load_settings
tasks.airflow_settings = load_settings
tasks.run(jobs.deliver, destination="meta")
""",
]


@contextmanager
def delivering(
    chain: Chain, platform: Emulator, command: list[str] = VERB, *, waits: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """`waybill deliver`, or the task of a DAG, once its request is in the book (``waits``: should be)."""
    home = chain.office.home
    home.facts_file.write_text(HomeFacts(is_sample=True, as_of=NOW, start_at=from_text(START_AT)).to_toml())
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WAYBILL_")}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", *command],
        env={**kept, "AIRFLOW_HOME": str(home.root / "airflow"), **environment(home.root, platform.base_url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        give_up = time.monotonic() + 60
        while not waits and not platform.book.requests() and process.poll() is None and time.monotonic() < give_up:
            time.sleep(0.05)
        if waits:
            time.sleep(5)  # it waits for the ledger now, or still imports, which is as good
        yield process


def stopped(process: subprocess.Popen[str]) -> float:
    """Seconds until the process has ended after SIGTERM, but for those in which it could go on and got no processor."""
    began, queued = time.monotonic(), _queued(process)
    latest = queued
    process.send_signal(signal.SIGTERM)
    while process.poll() is None and time.monotonic() - began < 60:
        latest = max(_queued(process), latest)
        time.sleep(0.02)
    assert process.poll() == 143
    return time.monotonic() - began - (latest - queued)


def _queued(process: subprocess.Popen[str]) -> float:
    """Seconds that a thread of a process has waited for a processor until now (proc(5); 0 where that is not told)."""
    waited = [0]
    for path in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # the thread, or all of them, have just ended
            waited.append(int(path.read_text().split()[1]))
    return max(waited) / 1e9


def locked(path: Path) -> sqlite3.Connection:
    """Somebody who holds the ledger and does not let go."""
    somebody = sqlite3.connect(path, isolation_level=None)
    somebody.execute("begin immediate")
    return somebody


def test_a_task_of_airflow_ends_before_it_is_killed(make_chain: Callable[..., Chain], platform: Emulator) -> None:
    """Airflow sends SIGKILL five seconds after SIGTERM; by then the answer that came is in the ledger."""
    chain = make_chain(batch_size=3)
    chain.add(events(5))
    platform.plan("slow", times=None, seconds=2.0)
    with delivering(chain, platform, TASK) as process:
        assert stopped(process) < BEFORE_AIRFLOW_KILLS
    assert set(chain.office.rows("select outcome from attempts")) == {("accepted",)}


def test_a_ledger_that_somebody_holds_does_not_keep_a_delivery_from_ending(
    make_chain: Callable[..., Chain], platform: Emulator
) -> None:
    chain = make_chain()
    chain.add(events(5))
    chain.office.deliver()
    chain.add(events(1, first=31))
    with closing(locked(chain.office.home.ledger_file)), delivering(chain, platform, waits=True) as process:
        assert stopped(process) < LONGEST
    chain.office.deliver()
    assert chain.office.states() == {"accepted": 6}


def test_a_ledger_that_is_locked_while_an_answer_comes_does_not_either(
    make_chain: Callable[..., Chain], platform: Emulator
) -> None:
    chain = make_chain()
    chain.add(events(5))
    platform.plan("slow", times=None, seconds=1.0)
    with delivering(chain, platform) as process, closing(locked(chain.office.home.ledger_file)):
        time.sleep(3)  # the answer is there, and its receipt waits for the lock
        assert stopped(process) < LONGEST
    platform.clear_faults()
    chain.add(events(1, first=9001))
    chain.office.deliver()
    assert violations(chain, platform.book) == []


@pytest.mark.parametrize(("seconds", "outcome"), [(2.0, "accepted"), (60.0, None)])
def test_an_answer_is_waited_for_but_not_for_long(
    make_chain: Callable[..., Chain], platform: Emulator, seconds: float, outcome: str | None
) -> None:
    chain = make_chain()
    chain.add(events(5))
    platform.plan("slow", times=None, seconds=seconds)
    with delivering(chain, platform) as process:
        assert stopped(process) < LONGEST
    assert chain.office.rows("select outcome from attempts") == [(outcome,)]

    platform.clear_faults()
    chain.add(events(1, first=9001))
    chain.office.deliver()
    assert violations(chain, platform.book) == []
    assert chain.office.states() == {"accepted": 6}
    assert len(platform.book.events()) == (6 if outcome else 11), "only what had no answer was sent again"


QUERY = """
import sys
import duckdb
from waybill import cli

@cli.app.command()
def question() -> None:
    print("asked", flush=True)
    duckdb.connect().execute({query})

sys.argv = ["waybill", "question"]
cli.main()
"""


MANY = "20000 * 'select sum(n) from range(1000000) as numbers(n);'"
"""DuckDB looks for signals between them, and makes a RuntimeError of what a signal's handler raises."""

ENDLESS = "'select count(*) from range(10000000000000) as numbers(n)'"
"""While this one runs it does not look."""


@pytest.mark.parametrize("query", [MANY, ENDLESS], ids=["between queries", "within one"])
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_that_strikes_a_query_ends_the_verb_as_elsewhere(sent: signal.Signals, code: int, query: str) -> None:
    script = QUERY.format(query=query)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"asked\n"
        time.sleep(0.5)
        process.send_signal(sent)
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, said) == (code, b"")
