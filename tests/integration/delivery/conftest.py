"""A home, settings for it, an emulator and a scripted server. The clock of the home stands still.

Every test runs with the ledger in a file and in PostgreSQL; ``FILE_ONLY`` is for what only a file can show.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from office import DATASET, TOKEN, Office, Watch
from outbox import NOW
from scripted import Scripted, scripted

from ledgers import KINDS, LedgerServer
from waybill.clock import Clock
from waybill.emulator import Emulator, running
from waybill.settings import load_settings


@pytest.fixture(params=KINDS)
def ledger_uri(request: pytest.FixtureRequest) -> str:
    """The address of an empty ledger; '' for the file in the home."""
    if request.param == "sqlite":
        return ""
    server = request.getfixturevalue("ledger_postgresql")
    assert isinstance(server, LedgerServer)
    return server.schema()


@pytest.fixture
def make_office(tmp_path: Path, ledger_uri: str) -> Callable[[str], Office]:
    def make(base_url: str) -> Office:
        settings = load_settings(
            {
                "WAYBILL_HOME": str(tmp_path / "home"),
                "WAYBILL_META_DATASET_ID": DATASET,
                "WAYBILL_META_ACCESS_TOKEN": TOKEN,
                "WAYBILL_META_BASE_URL": base_url,
                "WAYBILL_META_START_AT": "2026-11-01T00:00:00Z",
                "WAYBILL_LEDGER_URI": ledger_uri,
            }
        )
        return Office(settings.model_copy(update={"as_of": NOW}))

    return make


@pytest.fixture(scope="session")
def running_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running(tmp_path_factory.mktemp("book") / "book.sqlite", {DATASET: TOKEN}, now=lambda: NOW) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator) -> Emulator:
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def office(make_office: Callable[[str], Office], emulator: Emulator) -> Office:
    """A home whose destination is the emulator."""
    return make_office(emulator.base_url)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """What every Clock without a fixed moment shows."""
    watch = Watch()
    monkeypatch.setattr(Clock, "now", lambda clock: watch.at)
    return watch


@pytest.fixture
def platform() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture
def scripted_office(make_office: Callable[[str], Office], platform: Scripted) -> Office:
    """A home whose destination is the scripted server."""
    return make_office(platform.url)
