"""Extract and build on a full disk through the real command line: refused in words, and then put right."""

from pathlib import Path

import pytest
from outbox import NOW
from shopdesk import ShopDesk


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> ShopDesk:
    environment = {"WAYBILL_META_START_AT": "2026-11-01T00:00:00Z"}
    desk = ShopDesk(tmp_path_factory.mktemp("disk") / "home", environment)
    size = ("--orders", "60", "--leads", "20", "--seed", "5", "--as-of", NOW.isoformat())
    assert desk.waybill("sample", *size)[0] == 0
    return desk


@pytest.mark.parametrize(
    "trouble",
    [
        {"file_limit": 3000},
        {"full": ("fsync landing/shop/orders/beginning__*.parquet.tmp by sources.landing._to_disk", 1)},
        {"full": ("rename landing/shop/clicks/beginning__*.parquet by sources.landing.publish", 1)},
    ],
    ids=["no file may grow", "at the end of a file", "when half of the tables have landed"],
)
def test_extract_on_a_full_disk(shop: ShopDesk, tmp_path: Path, trouble: dict[str, object]) -> None:
    desk = shop.copy(tmp_path / "home")

    code, said = desk.waybill("extract", **trouble)

    assert code == 2, said
    assert "nothing was landed. Make room" in said
    assert not list((desk.home / "landing").rglob("*.parquet"))
    assert not list((desk.home / "landing").rglob("*.tmp"))
    code, said = desk.waybill("extract")
    assert code == 0, said
    assert desk.landed()["orders"]


@pytest.fixture(scope="module")
def extracted(shop: ShopDesk, tmp_path_factory: pytest.TempPathFactory) -> ShopDesk:
    desk = shop.copy(tmp_path_factory.mktemp("extracted") / "home")
    assert desk.waybill("extract")[0] == 0
    return desk


def frozen(desk: ShopDesk) -> list[str]:
    return sorted(path.name for path in (desk.home / "delta").rglob("*.json"))


@pytest.mark.parametrize(
    "trouble",
    [
        {"file_limit": 1_000_000},
        {"full": ("duckdb copy by warehouse.freeze.freeze", 1)},
    ],
    ids=["while dbt writes", "while the delta file is written"],
)
def test_build_on_a_full_disk(extracted: ShopDesk, tmp_path: Path, trouble: dict[str, object]) -> None:
    desk = extracted.copy(tmp_path / "home")

    code, said = desk.waybill("build", **trouble)

    assert code == 3, said
    assert "disk" in said
    assert frozen(desk) == []
    code, said = desk.waybill("build")
    assert code == 0, said
    assert len(frozen(desk)) == 1
    assert desk.audited() == ""
