"""Every text of the shop that goes on from staging is contact data (and hashed), cleaned by a macro, or hidden."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]
CONTACT_DATA = {
    *("email", "phone", "first_name", "last_name", "gender", "birth_date"),
    *("city", "state", "postal_code", "country"),
}
CLEANED = {"fbc", "fbp", "fbclid", "client_ip_address", "page_url", "referrer_url"}
"""By int_clicks_latest: what is not a click id, an address or a page as platforms write them is left out."""


def test_every_word_and_key_is_hidden_at_staging() -> None:
    declared = tomllib.loads((PROJECT / "include" / "waybill.toml").read_text(encoding="utf-8"))["sources"]
    bare = []
    for source, settings in declared.items():
        for table, columns in ((name, one["columns"]) for name, one in settings["tables"].items()):
            model = PROJECT / "dbt_project" / "models" / "staging" / source / f"stg_{source}__{table}.sql"
            text = model.read_text(encoding="utf-8")
            for column, kind in columns.items():
                hidden = re.search(rf"(hidden_key|without_contact_data|has_at_sign)\('{column}'\)", text)
                if kind == "varchar" and column not in CONTACT_DATA | CLEANED and not hidden:
                    bare.append(f"{table}.{column}")
    assert bare == []


def test_every_key_is_a_key_and_no_word() -> None:
    """A key that became null would be a row without a name, and no table would say so."""
    declared = tomllib.loads((PROJECT / "include" / "waybill.toml").read_text(encoding="utf-8"))["sources"]
    for source, settings in declared.items():
        for table, one in settings["tables"].items():
            model = PROJECT / "dbt_project" / "models" / "staging" / source / f"stg_{source}__{table}.sql"
            for key in one["key"]:
                if one["columns"][key] == "varchar":
                    assert f"hidden_key('{key}')" in model.read_text(encoding="utf-8"), f"{table}.{key}"
