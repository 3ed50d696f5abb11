"""Names of the configuration become SQL and paths, so every one of them is an identifier or is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from waybill.errors import ConfigurationError
from waybill.settings import load_settings

HOSTILE = ("x; drop table y", 'x"', "x'", "../x", "a/b", "x y", "$(id)", "x\n", "é", "", "1x", "x" * 64, "-x", "{x}")


def configuration(**names: str) -> str:
    """A waybill.toml with one name of each kind, written as JSON strings, which TOML reads as well."""
    kinds = ("source", "table", "column", "destination", "dataset")
    name = {kind: json.dumps(names.get(kind, kind), ensure_ascii=False) for kind in kinds}
    return f"""
[sources.{name["source"]}]
schema = {json.dumps(names.get("schema", "shop"), ensure_ascii=False)}
[sources.{name["source"]}.tables.{name["table"]}]
key = [{name["column"]}]
cursor = "updated_at"
columns.{name["column"]} = {json.dumps(names.get("type", "varchar"))}
columns.updated_at = "timestamptz"
[destinations.{name["destination"]}]
[destinations.{name["destination"]}.datasets.{name["dataset"]}]
dataset_id = {json.dumps(names.get("dataset_id", "1"))}
access_token = "made-up"
"""


def loaded(folder: Path, **names: str) -> Any:
    config = folder / "waybill.toml"
    config.write_text(configuration(**names), encoding="utf-8")
    return load_settings({"WAYBILL_HOME": str(folder), "WAYBILL_CONFIG": str(config)})


def test_identifiers_are_names(tmp_path: Path) -> None:
    settings = loaded(tmp_path, table="Orders_2", schema="")
    assert list(settings.sources["source"].tables) == ["Orders_2"]


@pytest.mark.parametrize(
    "kind", ["source", "schema", "table", "column", "destination", "dataset", "type", "dataset_id"]
)
def test_what_is_no_identifier_is_refused(tmp_path: Path, kind: str) -> None:
    for hostile in HOSTILE:
        if (kind, hostile) != ("schema", ""):
            with pytest.raises(ConfigurationError):
                loaded(tmp_path, **{kind: hostile})
