"""Windows follow the newest landed one, reach back, and have names that sort and can be read again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from waybill.errors import ConfigurationError
from waybill.sources.landing import newest_end
from waybill.sources.windows import Window, next_window

NOW = datetime(2026, 11, 20, 12, 0, 0, 250, tzinfo=UTC)
OVERLAP = timedelta(minutes=15)


def test_the_first_window_is_from_the_beginning() -> None:
    assert next_window(None, OVERLAP, NOW) == Window(None, NOW)


def test_the_next_one_reaches_back_from_the_watermark() -> None:
    assert next_window(NOW - timedelta(hours=1), OVERLAP, NOW) == Window(NOW - timedelta(minutes=75), NOW)


def test_a_clock_that_went_back_is_told() -> None:
    with pytest.raises(ConfigurationError, match="2026-11-20T12:00:01"):
        next_window(NOW + timedelta(seconds=1), OVERLAP, NOW)


@pytest.mark.parametrize("window", [Window(None, NOW), Window(NOW - OVERLAP, NOW)])
def test_a_name_tells_its_window(window: Window) -> None:
    assert Window.of_file(Path("landing/shop/orders") / window.file_name) == window


def test_names_are_those_of_the_landing_contract() -> None:
    assert Window(None, NOW).file_name == "beginning__20261120T120000000250Z.parquet"
    assert Window(NOW - OVERLAP, NOW).file_name == "20261120T114500000250Z__20261120T120000000250Z.parquet"


def test_a_table_without_files_has_no_watermark(tmp_path: Path) -> None:
    assert newest_end(tmp_path / "none") is None
    assert newest_end(tmp_path) is None


@pytest.mark.parametrize("name", ["orders.parquet", "beginning__20261399T120000000000Z.parquet"])
def test_a_strange_file_is_named_because_the_build_would_read_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ConfigurationError, match=name):
        newest_end(tmp_path)
