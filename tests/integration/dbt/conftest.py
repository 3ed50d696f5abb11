"""One small shop, built step by step once per session, because starting dbt costs more than building it."""

import pytest
from dbt_story import Story, tell


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return tell(tmp_path_factory.mktemp("home"))
