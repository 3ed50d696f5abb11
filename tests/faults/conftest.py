"""A small home and a running emulator; the outbox and the office are those of the tests of delivery."""

import itertools
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "delivery"))

from chain import Chain
from office import DATASET, TOKEN
from outbox import NOW

from waybill.emulator import Emulator, running


class PlatformTime:
    """The platform's clock; it stands still at NOW unless a test moves it."""

    at: datetime = NOW


@pytest.fixture(scope="session")
def platform_time() -> PlatformTime:
    return PlatformTime()


@pytest.fixture(scope="session")
def running_platform(tmp_path_factory: pytest.TempPathFactory, platform_time: PlatformTime) -> Iterator[Emulator]:
    book = tmp_path_factory.mktemp("faults") / "book.sqlite"
    with running(book, {DATASET: TOKEN}, now=lambda: platform_time.at) as emulator:
        yield emulator


@pytest.fixture
def platform(running_platform: Emulator, platform_time: PlatformTime) -> Emulator:
    platform_time.at = NOW
    running_platform.reset()
    return running_platform


@pytest.fixture
def make_chain(tmp_path: Path, platform: Emulator) -> Callable[..., Chain]:
    """Makes homes beside each other; the first one is ``home1``."""
    numbers = itertools.count(1)

    def make(**changes: Any) -> Chain:
        return Chain.make(tmp_path / f"home{next(numbers)}", platform.base_url, **changes)

    return make
