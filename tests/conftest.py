"""What every test may rely on: nothing leaves this machine."""

import atexit
import ipaddress
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from ledgers import LedgerServer, ledger_server

# The PostgreSQL wheel asks for it at import and warns where it is not set or not its owner's alone.
if "XDG_RUNTIME_DIR" not in os.environ:
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="waybill-tests-")
    atexit.register(shutil.rmtree, os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)

# A shell starts `make test &` with Ctrl-C ignored, and every process that a test starts would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: a third of the time a test waits, for a process or for a moment."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Refuses every connection that is not to this machine, so that no test can reach a real platform."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


def _is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host.split("%")[0]).is_loopback


@pytest.fixture(scope="session")
def ledger_postgresql() -> Iterator[LedgerServer]:
    """One PostgreSQL for all tests of a run that want a ledger in it."""
    with ledger_server() as server:
        yield server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write golden payloads and tables of the docs anew.")
    parser.addoption("--all-boundaries", action="store_true", help="Kill every step at every occurrence of a boundary.")


SHARED_HOMES = ("integration/cli", "integration/dbt", "integration/chain")
"""The tests of each of these folders share a home that takes a minute to make: one worker gets them all."""

LONGEST = (*SHARED_HOMES, "dags", "docs", "privacy", "faults")
"""Below these files take minutes: they go first, or one would run alone in the end while the other workers are idle."""


class _ByHome(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        shared = (folder for folder in SHARED_HOMES if nodeid.startswith(f"tests/{folder}/"))
        return next(shared, super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByHome:
    return _ByHome(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--all-boundaries"):
        items[:] = [item for item in items if item.get_closest_marker("all_boundaries") is None]
    longest = [Path(__file__).parent / name for name in LONGEST]
    items.sort(
        key=lambda item: next((n for n, folder in enumerate(longest) if folder in item.path.parents), len(longest))
    )


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether the run shall write what it would compare with; look at the diff before you commit it."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def all_boundaries(request: pytest.FixtureRequest) -> bool:
    """Whether the tests of kills shall take the long way, at every boundary of every step (an hour and more)."""
    return bool(request.config.getoption("--all-boundaries"))
