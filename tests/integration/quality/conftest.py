import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from deltas import NOW, Row, write_delta

from waybill.quality.decisions import Decision
from waybill.quality.gate import judge
from waybill.quality.validate import Validation
from waybill.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"WAYBILL_HOME": str(tmp_path / "home")}).model_copy(update={"as_of": NOW})


@pytest.fixture
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what is decided: Data Docs take a tenth of the time, and have tests of their own."""
    monkeypatch.setattr(Validation, "page", lambda self: None)


@pytest.fixture
def judged(settings: Settings) -> Callable[[list[Row]], Decision]:
    """Freezes rows and lets the gate judge them."""
    return lambda rows: judge(settings, write_delta(settings.home, rows))
