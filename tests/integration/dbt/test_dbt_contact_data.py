"""Contact data never leaves staging in clear: not into a table, an artifact of dbt, or a log."""

import re
from collections.abc import Iterator

import pytest
from dbt_home import DbtHome
from dbt_story import CONTACT, Story

NEEDLES = sorted(
    {*(value.lower() for value in CONTACT.values()), "planted", "6505550142", "19970216", "late@example", "new@example"}
)


def test_no_table_of_the_warehouse_holds_contact_data(story: Story) -> None:
    tables = [name for name, _ in _tables_with_rows(story.home)]
    assert "intermediate.int_identities_latest" in tables
    assert "destinations.meta_events" in tables
    found = [(name, needle) for name, text in _tables_with_rows(story.home) for needle in NEEDLES if needle in text]
    assert found == []


def test_the_planted_data_did_come_in(story: Story) -> None:
    [row] = story.home.query(
        "select string_agg(customers::varchar, ' ') as text from staging.stg_shop__customers as customers"
    )
    assert all(value.lower() in row["text"].lower() for value in CONTACT.values() if "'" not in value)


@pytest.mark.parametrize("folder", ["target", "logs"])
def test_no_artifact_or_log_of_dbt_holds_contact_data(story: Story, folder: str) -> None:
    files = [path for path in (story.home.root / "build" / folder).rglob("*") if path.is_file()]
    assert files
    leaks = re.compile(b"planted|6505550142|late@example|new@example", re.IGNORECASE)
    assert [path for path in files if leaks.search(path.read_bytes())] == []


def _tables_with_rows(home: DbtHome) -> Iterator[tuple[str, str]]:
    """Every real table with all its values as one text; the cases of macros are examples, not data."""
    tables = home.query(
        "select schema_name, table_name from duckdb_tables() "
        "where schema_name <> 'seeds' or table_name not like '%_cases'"
    )
    for table in tables:
        name = f'{table["schema_name"]}."{table["table_name"]}"'
        rows = home.query(f"select lower(string_agg(data::varchar, ' ')) as text from {name} as data")
        yield name.replace('"', ""), rows[0]["text"] or ""
