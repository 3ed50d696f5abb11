"""The story of the chain, told once for all its tests."""

from collections.abc import Iterator

import pytest
from story import Story, told_in


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with told_in(tmp_path_factory.mktemp("chain")) as told:
        yield told
