"""Who acts, and why, stays for good: neither holds contact data or a secret, and somebody is named."""

from pathlib import Path

import pytest

from waybill.delivery.actions import author
from waybill.errors import ConfigurationError
from waybill.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        {
            "WAYBILL_HOME": str(tmp_path),
            "WAYBILL_META_DATASET_ID": "77",
            "WAYBILL_META_ACCESS_TOKEN": "made-up-token-4711",
            "WAYBILL_WAREHOUSE_URI": "postgresql://reader:hunter2pass@db.example.com/shop",
            "WAYBILL_LEDGER_URI": "postgresql://writer:ledger%20pw99@db.example.com/ledger",
        }
    )


@pytest.mark.parametrize(
    "told",
    [
        "jane.roe@example.com said so",
        "jane\uff20example.com said so",
        "jane%40example.com said so",
        "+447700900123",
        "\uff0b447700900123",
        "tel_+44\u00a07700\u2013900123_1",
        "ask on 07700 900123.",
        "ask on (650) 555-0101, or",
        "ask on 650\u2011555\u20110101",
        "0044 7700 900123",
        "the password is hunter2pass",
        "the password is ledger pw99",
        "with made-up-token-4711",
        "Bearer abcdefgh12345",
        "https://s.example.com/?access_token=abc",
    ],
)
def test_neither_reason_nor_name_holds_contact_data_or_a_secret(settings: Settings, told: str) -> None:
    with pytest.raises(ConfigurationError, match="--because"):
        author(settings, told, "jane")
    with pytest.raises(ConfigurationError, match="--by"):
        author(settings, "TICKET-7", told)


@pytest.mark.parametrize(
    "because",
    [
        "a wholesaler, TICKET-7, asked on 2026-11-20 at 12:00:00+01:00",
        "order 100000012345 of shop/orders/ORD-2026-000123: value +30 %, 220-240 rows",
        "the token and the password were changed, see https://wiki.example.com/page?id=4006381333931",
    ],
)
def test_an_ordinary_reason_is_kept_as_it_is(settings: Settings, because: str) -> None:
    assert author(settings, because, "jane").because == because


@pytest.mark.parametrize("by", ["", "  "])
def test_an_empty_name_is_nobody(settings: Settings, by: str) -> None:
    with pytest.raises(ConfigurationError, match="Nobody is named"):
        author(settings, "TICKET-7", by)
    assert author(settings, "TICKET-7", None).who
