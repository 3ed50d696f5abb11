"""`waybill diff` says what other models would tell differently; the same models tell the same, byte for byte."""

import shutil
from pathlib import Path

from desk import Desk

PROJECT = Path(__file__).parents[3] / "dbt_project"


def test_the_same_inputs_and_clock_give_byte_identical_delta_files(desk: Desk) -> None:
    folder = desk.home / "delta" / "meta"
    first = {path.name: path.read_bytes() for path in folder.glob("*.parquet")}
    assert first
    for name in ("warehouse.duckdb", "build", "delta", "published"):
        path = desk.home / name
        path.unlink() if path.is_file() else shutil.rmtree(path)
    assert desk.waybill("build").code == 0
    assert {path.name: path.read_bytes() for path in folder.glob("*.parquet")} == first


def test_nothing_differs_until_a_model_does(desk: Desk, tmp_path: Path) -> None:
    assert desk.waybill("sample", "--later", "--orders", "20").code == 0
    before = desk.stores()
    same = desk.waybill("diff", "--json")
    assert same.code == 0, same.err
    assert same.json["destinations"]["meta"]["same"] is True
    assert same.json["destinations"]["meta"]["compared"] > 300

    changed = tmp_path / "project"
    shutil.copytree(PROJECT, changed, ignore=shutil.ignore_patterns("target", "logs"))
    channels = changed / "seeds" / "channels.csv"
    channels.write_text(
        "".join(line for line in channels.read_text().splitlines(keepends=True) if not line.startswith("store,"))
    )
    payloads = changed / "macros" / "events" / "meta.sql"
    assert "'order_id':" in payloads.read_text()
    payloads.write_text(payloads.read_text().replace("'order_id':", "'order_number':"))
    answer = desk.waybill("diff", "--json", WAYBILL_DBT_PROJECT_DIR=str(changed))
    assert answer.code == 0, answer.err
    found = answer.json["destinations"]["meta"]
    assert found["same"] is False
    assert found["payload_keys"]["custom_data.order_id"] == found["payload_keys"]["custom_data.order_number"] > 10
    assert "user_data.em" not in found["payload_keys"]
    assert found["payloads_gone"] == 0
    assert found["changes"]["Purchase"]["vanished"] > found["changes"]["Purchase"]["appeared"] > 0
    assert desk.stores() == before


def test_a_build_that_was_never_made_is_refused(desk: Desk) -> None:
    never = desk.waybill("diff", "--against", "20261120T120000000000Z-000777")
    assert (never.code, "000777' is no build of this home" in never.err) == (2, True), never.err
    answer = desk.waybill("diff", "--against", "yesterday")
    assert answer.code == 2
    assert "'yesterday' is no build" in answer.err
