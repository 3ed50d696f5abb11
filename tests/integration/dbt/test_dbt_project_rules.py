"""The house rules of the dbt project, read from its manifest: what a reviewer would otherwise have to remember."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dbt_home import PROJECT
from dbt_story import Story

NAMES = {
    "staging/shop": r"stg_shop__\w+",
    "staging/waybill": r"stg_waybill__\w+",
    "staging/published": r"stg_published__\w+",
    "intermediate": r"int_\w+",
    "marts": r"(fct|rpt)_\w+",
    "destinations": r"\w+_events|int_\w+",
}
LAYERS = ("staging", "intermediate", "marts/conversions", "destinations", "marts/delivery")


@pytest.fixture(scope="module")
def manifest(story: Story) -> dict[str, Any]:
    return dict(json.loads((story.home.root / "build" / "target" / "manifest.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert len(found) > 40
    return found


def test_names_tell_the_layer(models: list[dict[str, Any]]) -> None:
    for model in models:
        folder = next(folder for folder in NAMES if model["path"].startswith(folder))
        assert re.fullmatch(NAMES[folder], model["name"]), model["path"]


def test_the_first_sentence_of_a_description_is_the_grain(
    manifest: dict[str, Any], models: list[dict[str, Any]]
) -> None:
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    tables = [source for source in manifest["sources"].values() if source["source_name"] != "waybill"]
    for node in [*models, *seeds, *tables]:
        assert node["description"].startswith("One row"), f"{node['name']}: {node['description']!r}"


def test_every_column_that_is_named_is_described(manifest: dict[str, Any]) -> None:
    undescribed = [
        f"{node['name']}.{column['name']}"
        for node in manifest["nodes"].values()
        for column in node.get("columns", {}).values()
        if not column["description"]
    ]
    assert undescribed == []


def test_what_others_read_is_under_contract_and_has_an_owner(models: list[dict[str, Any]]) -> None:
    read = [model for model in models if model["path"].startswith(("marts", "destinations"))]
    public = [model for model in read if not model["name"].startswith("int_")]
    assert len(public) >= 6
    assert all(model["access"] == "private" for model in read if model not in public)
    for model in public:
        assert model["contract"]["enforced"], model["name"]
        assert model["access"] == "public", model["name"]
    assert all(model["group"] for model in models)


def test_only_staging_reads_sources(manifest: dict[str, Any], models: list[dict[str, Any]]) -> None:
    for node in manifest["nodes"].values():
        reads_source = any(parent.startswith("source.") for parent in node["depends_on"].get("nodes", []))
        if reads_source:
            assert node["path"].startswith("staging/"), node["name"]
    assert all(" join " not in model["raw_code"] for model in models if model["path"].startswith("staging/"))


def test_data_flows_one_way(manifest: dict[str, Any], models: list[dict[str, Any]]) -> None:
    def layer(node: dict[str, Any]) -> int:
        if "delivery" in node["path"] or "published" in node["path"]:
            return len(LAYERS)
        return next(number for number, name in enumerate(LAYERS) if node["path"].startswith(name))

    for model in models:
        for parent in model["depends_on"]["nodes"]:
            if parent.startswith("model."):
                assert layer(manifest["nodes"][parent]) <= layer(model), f"{model['name']} reads {parent}"


def test_every_mart_that_others_read_has_an_exposure(manifest: dict[str, Any]) -> None:
    read = {parent for exposure in manifest["exposures"].values() for parent in exposure["depends_on"]["nodes"]}
    assert {"model.waybill.meta_events", "model.waybill.fct_deliveries", "model.waybill.fct_delivery_lag"} <= read


def test_every_macro_says_what_it_is_for() -> None:
    for path in sorted((PROJECT / "macros").rglob("*.sql")):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("{#"), f"{_short(path)} begins without a comment"


def test_every_identifier_and_every_text_macro_has_cases(story: Story) -> None:
    tested = {path.stem for path in (PROJECT / "tests" / "macro_cases").glob("*.sql")}
    fields = {row["field"] for row in story.home.query("select distinct field from seeds.identifier_cases")}
    macros = {row["macro"] for row in story.home.query("select distinct macro from seeds.text_cases")}
    assert tested == {f"normalize_{field}" for field in fields} | macros
    normalizers = {path.stem for path in (PROJECT / "macros" / "normalization").glob("normalize_*.sql")}
    assert normalizers == {f"normalize_{field}" for field in fields}


def test_production_runs_no_unit_test_and_no_case(manifest: dict[str, Any]) -> None:
    for node in manifest["nodes"].values():
        if "macro_cases" in node["path"]:
            assert "macro_cases" in node["tags"], node["name"]


def _short(path: Path) -> str:
    return str(path.relative_to(PROJECT))
