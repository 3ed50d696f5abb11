"""Ending a session ends all that it started: processes in groups of their own, and those that ignore TERM."""

import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from waybill.airflow.local import local_environment, reserved_emulator, running_emulator
from waybill.airflow.processes import Session, reserved_port, started
from waybill.errors import DestinationUnavailable
from waybill.settings import load_settings

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
        with reserved_port(port) as other:
            assert other not in (port, 0)
    with reserved_port(port) as free:
        assert free == port


def test_two_local_runs_are_never_given_one_port() -> None:
    """Between the choice of a port and the first listening there it looks free to everybody."""
    with reserved_port(18085) as port, reserved_port(port) as other:
        assert other not in (port, 0)
        with reserved_port(port) as third:
            assert third not in (port, other)
    with reserved_port(port) as again:
        assert again == port


def test_an_emulator_of_somebody_else_is_not_taken_for_our_own(tmp_path: Path) -> None:
    """Ours cannot listen where another one answers already: that is said, and nothing is sent there."""
    homes = [load_settings({"WAYBILL_HOME": str(tmp_path / name)}).home for name in ("one", "two")]
    with reserved_emulator() as emulator:
        first, second = (running_emulator(home, emulator, local_environment(home, emulator)) for home in homes)
        with first, pytest.raises(DestinationUnavailable, match="The emulator ended while starting"), second:
            pass
