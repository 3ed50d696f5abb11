"""What a build tells dbt of the destinations, from waybill.toml to the Parquet file that dbt reads."""

from pathlib import Path

import polars as pl
import pytest

from waybill.errors import ConfigurationError
from waybill.settings import Settings, load_settings
from waybill.warehouse import inputs

TOML = """
[sources.shop.tables.orders]
key = ["order_id"]
cursor = "updated_at"
columns = {{ order_id = "varchar", updated_at = "timestamptz" }}

[destinations.strict]
start_at = 2026-11-01T00:00:00Z
consent_max_age_days = {days}

[destinations.patient]
start_at = 2026-11-01T00:00:00Z
setup = "server_only"
"""


def settings_of(home: Path, days: object) -> Settings:
    config = home / "waybill.toml"
    config.write_text(TOML.format(days=days))
    return load_settings({"WAYBILL_HOME": str(home), "WAYBILL_CONFIG": str(config)})


def test_each_destination_says_how_old_a_consent_may_be(tmp_path: Path) -> None:
    landing = tmp_path / "landing" / "shop" / "orders"
    landing.mkdir(parents=True)
    pl.DataFrame({"order_id": ["1"]}).write_parquet(landing / "one.parquet")

    inputs.begin(settings_of(tmp_path, 365), full_refresh=False)

    told = pl.read_parquet(tmp_path / "build" / "inputs" / "destinations.parquet")
    assert told.select("destination", "setup", "consent_max_age_days").rows() == [
        ("strict", "redundant", 365),
        ("patient", "server_only", None),
    ]
    assert told.schema["consent_max_age_days"] == pl.Int32


@pytest.mark.parametrize("days", [0, -1, '"a year"'])
def test_an_age_that_is_none_is_refused(tmp_path: Path, days: object) -> None:
    with pytest.raises(ConfigurationError, match="consent_max_age_days"):
        settings_of(tmp_path, days)


def test_a_number_is_never_given_again(tmp_path: Path) -> None:
    """``state.json`` may be deleted, as the message about a damaged one says: what bears a number still has it."""
    landing = tmp_path / "landing" / "shop" / "orders"
    landing.mkdir(parents=True)
    pl.DataFrame({"order_id": ["1"]}).write_parquet(landing / "one.parquet")
    settings = settings_of(tmp_path, 365)
    assert [inputs.begin(settings, full_refresh=False).seq for _ in range(2)] == [1, 2]
    for folder, number in (("published/candidates/strict", 7), ("delta/patient", 9)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / f"20261120T120000000000Z-{number:06d}.parquet").touch()
    (tmp_path / "build" / "state.json").write_text('{"se')
    with pytest.raises(ConfigurationError, match=r"state\.json is damaged"):
        inputs.begin(settings, full_refresh=True)
    (tmp_path / "build" / "state.json").unlink()
    build = inputs.begin(settings, full_refresh=True)
    assert (build.seq, build.last_good_seq) == (10, 0)
