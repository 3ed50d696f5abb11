"""Ending a session ends all that it started: processes in groups of their own, and those that ignore TERM."""

import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from waybill.airflow.processes import Session, free_port, started

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
SLEEP = "import os, time; os.setpgid(0, 0); print('child', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", SLEEP])
child_that_ignores = os.fork()
if child_that_ignores == 0:
    os.setpgid(0, 0)
    time.sleep(600)
sys.stdin.readline()
print("ready", flush=True)
time.sleep(600)
"""


def test_stop_leaves_nobody_behind(tmp_path: Path) -> None:
    session = Session([sys.executable, "-c", STUBBORN], env={}, log=tmp_path / "log", piped=True)
    assert session.output.readline() == "child\n"
    session.input.write("go\n")
    session.input.flush()
    assert session.output.readline() == "ready\n"
    members = session.members()
    assert len(members) == 3
    session.stop(patience_seconds=0.5)
    assert session.members() == [] and not session.is_running
    assert not [pid for pid in members if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]


def test_a_block_that_fails_ends_its_process_and_keeps_its_log(tmp_path: Path) -> None:
    talk = "import sys, time; print('hello', flush=True); time.sleep(600)"
    with (
        pytest.raises(KeyboardInterrupt),
        started([sys.executable, "-c", talk], env={}, log=tmp_path / "log") as session,
    ):
        while "hello" not in (tmp_path / "log").read_text():
            assert session.is_running
        signal.raise_signal(signal.SIGINT)
    assert not session.is_running


def test_a_taken_port_is_moved() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) not in (port, 0)
    assert free_port(port) == port
