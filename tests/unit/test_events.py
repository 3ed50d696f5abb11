"""A row's key and the source key that it stands in, both ways and as the macro has it."""

from pathlib import Path

import duckdb
import pytest

from waybill.events import key_in_source_key, key_of_source_key
from waybill.warehouse.macros import MacroText

PROJECT = Path(__file__).parents[2] / "dbt_project"


@pytest.mark.parametrize("key", ["100001", "2026/17", "50%", "%2F", "a/b%25/c", ""])
def test_a_key_is_encoded_as_the_macro_does_and_read_back(key: str) -> None:
    macro = (PROJECT / "macros" / "keys" / "source_key.sql").read_text()
    sql = MacroText(PROJECT).render(f"{macro.replace('waybill.', '')}{{{{ percent_encoded('$key') }}}}")
    [(encoded,)] = duckdb.execute(f"select {sql}", {"key": key}).fetchall()
    assert key_in_source_key(key) == encoded
    assert key_of_source_key(f"shop/orders/{encoded}/part") == key


def test_what_is_no_source_key_has_no_key() -> None:
    assert key_of_source_key("100001") is None
    assert key_of_source_key("2026/17") is None
