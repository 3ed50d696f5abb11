"""A small sample home, made once to just before delivery, and copied for each test that spoils something."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from desk import AS_OF, DATASET, TOKEN, Desk

from waybill.emulator import Emulator, running


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    book = tmp_path_factory.mktemp("cli-platform") / "book.sqlite"
    with running(book_path=book, datasets={DATASET: TOKEN}, now=lambda: datetime.fromisoformat(AS_OF)) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory, platform: Emulator) -> Desk:
    """A home that was extracted, built and judged, and has delivered nothing yet."""
    desk = Desk(
        home=tmp_path_factory.mktemp("cli") / "home",
        environment={
            "WAYBILL_META_DATASET_ID": DATASET,
            "WAYBILL_META_ACCESS_TOKEN": TOKEN,
            "WAYBILL_META_BASE_URL": platform.base_url,
        },
    )
    for step in (
        ("sample", "--orders", "200", "--leads", "80", "--seed", "5", "--as-of", AS_OF),
        ("extract",),
        ("build",),
        ("gate",),
    ):
        answer = desk.waybill(*step)
        assert answer.code == 0, answer.err
    return desk


@pytest.fixture
def desk(ready: Desk, tmp_path: Path) -> Desk:
    """A copy of the ready home, to spoil."""
    home = tmp_path / "home"
    shutil.copytree(ready.home, home)
    facts = home / "home.toml"
    facts.write_text(facts.read_text().replace(str(ready.home), str(home)))
    return Desk(home=home, environment=ready.environment)
