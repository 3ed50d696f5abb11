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
