"""What bad input gets: one message that names it and what to do, the right exit code, and every store as it was."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from desk import Desk


@contextmanager
def held_open(path: Path) -> Iterator[None]:
    """Another process has a DuckDB file open for writing."""
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(path)!r}); print('held', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield
    finally:
        holder.communicate("\n")


@pytest.mark.parametrize(
    ("uri", "code", "says"),
    [
        ("", 2, "WAYBILL_WAREHOUSE_URI"),
        ("mysql://127.0.0.1/shop", 2, "mysql"),
        ("duckdb:////nowhere/shop.duckdb", 2, "/nowhere/shop.duckdb"),
        ("postgresql://shop:hunter2@127.0.0.1:1/shop", 3, "127.0.0.1"),
    ],
)
def test_a_warehouse_that_cannot_be_read(desk: Desk, uri: str, code: int, says: str) -> None:
    facts = desk.home / "home.toml"
    facts.write_text("\n".join(line for line in facts.read_text().splitlines() if "warehouse_uri" not in line))
    before = desk.stores()
    answer = desk.waybill("extract", WAYBILL_WAREHOUSE_URI=uri)
    assert answer.code == code
    assert says in answer.err
    assert "hunter2" not in answer.err
    assert desk.stores() == before


def test_a_table_that_the_warehouse_does_not_have(desk: Desk, tmp_path: Path) -> None:
    config = tmp_path / "waybill.toml"
    original = Path(__file__).parents[3] / "include" / "waybill.toml"
    renamed = {
        "[sources.shop.tables.leads]": "[sources.shop.tables.prospects]",
        'table = "leads"': 'table = "prospects"',
    }
    text = original.read_text()
    for old, new in renamed.items():
        text = text.replace(old, new)
    config.write_text(text)
    before = desk.stores()
    answer = desk.waybill("extract", WAYBILL_CONFIG=str(config))
    assert answer.code == 2
    assert "prospects" in answer.err
    assert desk.stores() == before


def test_an_empty_source_is_no_error(desk: Desk, tmp_path: Path) -> None:
    empty = tmp_path / "empty.duckdb"
    with duckdb.connect(str(empty)) as warehouse:
        warehouse.execute(f"attach '{desk.home / 'shop.duckdb'}' as shop (read_only)")
        for (table,) in warehouse.execute(
            "select table_name from duckdb_tables() where database_name = 'shop'"
        ).fetchall():
            warehouse.execute(f"create table {table} as from shop.{table} limit 0")
    uri, home = f"duckdb:///{empty}", tmp_path / "fresh"
    fresh = Desk(home=home, environment={**desk.environment, "WAYBILL_META_START_AT": "2026-11-01T00:00:00Z"})
    for step in ("extract", "build", "gate", "deliver"):
        answer = fresh.waybill(step, WAYBILL_WAREHOUSE_URI=uri)
        assert answer.code == 0, (step, answer.err)
    told = fresh.waybill("balance", "--json").json["destinations"]["meta"]
    assert told["candidates"] == 0
    assert told["balanced"] is True


def test_a_shop_file_that_somebody_writes(desk: Desk) -> None:
    with held_open(desk.home / "shop.duckdb"):
        before = desk.stores()
        answer = desk.waybill("extract")
        assert answer.code == 3
        assert "shop.duckdb" in answer.err
        assert desk.stores() == before
    assert desk.waybill("extract").code == 0


def test_a_warehouse_file_that_an_analyst_has_open(desk: Desk) -> None:
    with held_open(desk.home / "warehouse.duckdb"):
        before = desk.stores()
        answer = desk.waybill("build")
        assert answer.code == 3
        assert "warehouse.duckdb" in answer.err
        assert desk.stores() == before
    assert desk.waybill("build").code == 0


def test_a_landing_file_that_is_damaged(desk: Desk) -> None:
    (landed,) = (desk.home / "landing" / "shop" / "orders").glob("*.parquet")
    landed.write_bytes(b"PAR1 this is no Parquet file")
    before = desk.stores()
    answer = desk.waybill("build")
    assert answer.code == 2
    assert landed.name in answer.err
    assert "waybill extract" in answer.err
    assert desk.stores() == before
    landed.unlink()
    assert desk.waybill("extract").code == 0
    assert desk.waybill("build").code == 0
    assert desk.waybill("balance").code == 0


@pytest.mark.parametrize("damage", ["damaged", "missing"])
def test_a_delta_file_that_is_damaged_or_missing(desk: Desk, damage: str) -> None:
    (delta,) = (path for path in (desk.home / "delta" / "meta").glob("*.parquet") if "withdrawals" not in path.name)
    kept = delta.read_bytes()
    if damage == "damaged":
        delta.write_bytes(kept[:-100] + bytes(100))
    else:
        delta.unlink()
    before = desk.stores()
    answer = desk.waybill("deliver")
    assert answer.code == 1
    assert delta.name in answer.err
    assert {key: value for key, value in desk.stores().items() if "ledger" not in key} == {
        key: value for key, value in before.items() if "ledger" not in key
    }
    assert desk.waybill("ledger", "show", "--json").json["files"] == []
    delta.write_bytes(kept)
    assert desk.waybill("deliver").code == 0


def test_a_wrong_token_keeps_the_queue(desk: Desk) -> None:
    answer = desk.waybill("deliver", WAYBILL_META_ACCESS_TOKEN="another-made-up-token")
    assert answer.code == 2
    assert "token" in answer.err.lower()
    assert "another-made-up-token" not in answer.err + answer.out
    waiting = desk.waybill("balance", "--json").json["destinations"]["meta"]
    assert waiting["pending"] > 100
    assert waiting["accepted"] == 0
    assert desk.waybill("deliver").code == 0
    done = desk.waybill("balance", "--json").json["destinations"]["meta"]
    assert (done["pending"], done["accepted"]) == (0, waiting["pending"])


def test_a_platform_that_is_not_there_keeps_the_queue(desk: Desk) -> None:
    answer = desk.waybill("deliver", WAYBILL_META_BASE_URL="http://127.0.0.1:1")
    assert answer.code == 3
    assert desk.waybill("balance", "--json").json["destinations"]["meta"]["accepted"] == 0
    assert desk.waybill("deliver").code == 0


def test_wrong_use(desk: Desk) -> None:
    assert desk.waybill("deliver", "--destination", "tiktok").code == 2
    assert desk.waybill("explain", "no-such-order").code == 2
    assert desk.waybill("sample", "--as-of", "yesterday").code == 2
    assert desk.waybill("no-such-verb").code == 2


def test_steps_out_of_order_say_what_comes_first(tmp_path: Path) -> None:
    fresh = Desk(home=tmp_path / "home", environment={"WAYBILL_META_START_AT": "2026-11-01T00:00:00Z"})
    for verb, first in (("build", "waybill extract"), ("gate", "waybill build"), ("balance", "waybill build")):
        answer = fresh.waybill(verb)
        assert answer.code == 2
        assert first in answer.err
