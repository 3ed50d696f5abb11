"""Processes that a local run starts, each in a session of its own, so that ending it ends all that it started.

Airflow puts every task in a process group of its own, but in the session of the one that started it: the session is
what finds them all.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

import psutil  # type: ignore[import-untyped]

from waybill.errors import SourceUnavailable
from waybill.files import locked

PATIENCE_SECONDS = 15.0
"""How long a process may take to end after TERM before it gets KILL."""


class Session:
    """A started process and all that it starts; what it prints goes to a log file, its output to us when piped."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str], log: Path, piped: bool = False) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        with log.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                list(command),
                env=dict(env),
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else sink,
                stderr=sink,
                start_new_session=True,
                umask=0o077,  # all that it writes is its owner's alone
                text=True,
            )

    @property
    def input(self) -> IO[str]:
        assert self._process.stdin is not None, "only a piped process takes input"  # noqa: S101
        return self._process.stdin

    @property
    def output(self) -> IO[str]:
        assert self._process.stdout is not None, "only a piped process gives output"  # noqa: S101
        return self._process.stdout

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def members(self) -> list[int]:
        """The process ids of the session that are alive, the one we started among them."""
        return [pid for pid in psutil.pids() if self._is_alive_here(pid)]

    def _is_alive_here(self, pid: int) -> bool:
        try:
            return os.getsid(pid) == self._process.pid and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except (OSError, psutil.NoSuchProcess):
            return False  # it ended while we looked

    def stop(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Ends the whole session: TERM, then KILL for what is left after a while; a second Ctrl-C changes nothing."""
        with _undisturbed():
            for sign in (signal.SIGTERM, signal.SIGKILL):
                for pid in self.members():
                    with suppress(ProcessLookupError):
                        os.kill(pid, sign)
                end = time.monotonic() + patience_seconds
                while self._has_members() and time.monotonic() < end:
                    time.sleep(0.1)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_seconds)  # takes its exit status, which it may have left just now
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()

    def wait(self) -> int:
        """Waits for its end and returns its exit code."""
        return self._process.wait()

    def _has_members(self) -> bool:
        self._process.poll()  # takes the exit status, or the process would stay among the members
        return bool(self.members())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Holds back Ctrl-C and TERM until the block has ended."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def started(command: Sequence[str], *, env: Mapping[str, str], log: Path, piped: bool = False) -> Iterator[Session]:
    """A session for as long as the block runs, however the block ends."""
    session = Session(command, env=env, log=log, piped=piped)
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def reserved_port(preferred: int) -> Iterator[int]:
    """A free port of 127.0.0.1, the preferred one where it is, that no other local run is given while the block runs.

    A program listens some time after its port was chosen, and until then the port looks free to everybody: whoever
    chooses one here also holds a lock file of its number. SourceUnavailable when no port is free.
    """
    for port in (preferred, *(_any_port() for _ in range(5))):
        with suppress(OSError), ExitStack() as held:
            lock = Path(tempfile.gettempdir()) / f"waybill-{os.getuid()}-port-{port}.lock"
            if held.enter_context(locked(lock)) and _is_free(port):
                stack = held.pop_all()
                break
    else:
        raise SourceUnavailable("127.0.0.1 has no free port. End a program that listens there, then run this again.")
    with stack:
        yield port


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))  # OSError where somebody listens
    return True


def end_on_terminate() -> None:
    """Makes TERM end this process the way Ctrl-C does, so that every ``with`` block ends what it started."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
