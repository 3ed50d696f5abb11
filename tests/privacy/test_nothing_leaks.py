"""After a run with failures of every kind, every byte that it left is searched for what was planted in the shop."""

import json
import re
import stat
from collections.abc import Iterable
from pathlib import Path

import duckdb
import planted
import pytest
from canary_story import Story, tell
from searching import Found, files, find, search

LANDING = [r"home/landing/.*"]
VIEWS_OVER_LANDING = [r"home/warehouse\.duckdb: staging\..*"]
MARTS_AND_REQUESTS = [r"home/warehouse\.duckdb.*", r"home/delta/meta/\d[^/]*\.parquet.*", r"book\.sqlite.*"]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return tell(tmp_path_factory.mktemp("canaries"))


def places(story: Story) -> dict[str, Path]:
    """All that a run leaves: the whole home, the platform's book, and everything that was printed."""
    books = {path.name: path for path in story.folder.glob("book.sqlite*")}
    return {"home": story.home, "said": story.said, **books}


def told(found: Iterable[Found]) -> list[str]:
    return sorted(f"{one.place}: {one.name} ({one.form})" for one in found)


def test_the_story_had_every_kind_of_end(story: Story) -> None:
    build, deliver = "build_conversion_events", "deliver_conversions"
    assert story.outcomes == [
        ("extract_warehouse", False),
        ("extract_warehouse", False),
        ("extract_warehouse", True),
        (build, False),
        (build, False),
        (build, False),
        ("extract_warehouse", True),
        (build, True),
        (deliver, False),
        (deliver, False),
        (deliver, True),
        ("refresh_delivery_marts", True),
        ("purge_home", True),
    ]


def test_events_ended_in_every_way(story: Story) -> None:
    balance = json.loads(next(line for line in (story.said / "verbs.out").read_text().splitlines() if line[:2] == '{"'))
    found = balance["destinations"]["meta"]
    assert found["balanced"] is True
    assert all(found[word] > 0 for word in ("not_a_conversion", "invalid", "quarantined", "accepted", "rejected"))


def test_a_closed_file_was_opened_by_a_reason_without_contact_data(story: Story) -> None:
    said = (story.said / "gate.out").read_text(encoding="utf-8")
    assert re.findall(r"^= (\d)$", said, re.MULTILINE) == ["1", "2", "2", "2", "0", "2", "0"]
    words = str(story.home / "published" / "approvals" / "meta" / "*.parquet")
    with duckdb.connect() as connection:
        found = connection.execute("select opened, because from read_parquet(?)", [words]).fetchall()
    assert found == [(True, "a wholesaler, TICKET-7")]


def test_a_key_that_is_an_address_goes_on_under_another_name_and_is_not_sent(story: Story) -> None:
    query = "select entity, verdict, reasons from read_parquet($files) where starts_with(entity_key, 'hidden_')"
    with duckdb.connect() as connection:
        files_of = str(story.home / "published" / "candidates" / "meta" / "*.parquet")
        rows = connection.execute(query, {"files": files_of}).fetchall()
    assert {entity for entity, _, _ in rows} == {"orders", "leads", "lead_stages", "subscription_events"}
    sent = [row for row in rows if row[1] == "sendable"]
    assert sent == [] and any("ours:key_is_contact_data" in reasons for _, _, reasons in rows)


def test_the_planted_values_came_in_and_the_search_finds_them_there(story: Story) -> None:
    found = {one.name for one in search({"landing": story.home / "landing"}, planted.contact_data())}
    assert found == {needle.name for needle in planted.contact_data()} - {"as written"}
    marts = search({"marts": story.home / "warehouse.duckdb"}, planted.pseudonyms())
    assert {one.name for one in marts} == {needle.name for needle in planted.pseudonyms()}


def test_contact_data_is_in_landing_and_nowhere_else(story: Story) -> None:
    found = search(places(story), planted.contact_data(), without=[*LANDING, *VIEWS_OVER_LANDING])
    assert told(found) == []


def test_hashes_and_what_platforms_want_in_clear_are_in_marts_delta_files_and_requests_only(story: Story) -> None:
    without = [*LANDING, *MARTS_AND_REQUESTS, r"said/verbs\.out"]
    assert told(search(places(story), planted.pseudonyms(), without=without)) == []


def test_no_secret_is_on_disk(story: Story) -> None:
    assert told(search(places(story), planted.secrets())) == []


def test_no_process_was_listed_with_contact_data_or_a_secret(story: Story) -> None:
    watched = story.processes
    assert any(b"dbt_child" in arguments for arguments in watched.arguments) and watched.environments_of_dbt
    needles = [*planted.contact_data(), *planted.secrets()]
    for listed in (*watched.arguments, *watched.environments_of_dbt):
        assert told(find(needles, listed, listed[:80].decode())) == []


def test_every_file_of_the_home_is_its_owners_alone(story: Story) -> None:
    opened = [
        f"{oct(stat.S_IMODE(path.stat().st_mode))} {path.relative_to(story.home)}"
        for path in story.home.rglob("*")
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert opened == []


def test_every_kind_of_store_was_looked_into(story: Story) -> None:
    looked = {place.partition("/")[2].partition("/")[0] for _, place in files({"home": story.home})}
    assert {
        "landing",
        "delta",
        "published",
        "build",
        "data_docs",
        "airflow",
        "ledger.sqlite",
        "warehouse.duckdb",
    } <= looked
