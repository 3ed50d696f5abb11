"""End to end: from a real PostgreSQL to the platform, event by event, against stores that are read directly.

The platform's book, the ledger's file, the delta files and the landing files are read by the tests themselves;
Waybill's reports are only compared with what they say.
"""

import json
import re
import shutil
import sqlite3
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from reference import Shop, states
from story import AS_OF, Story, ledger_rows

STEPS = ("first", "again", "late_click")


def offered(story: Story, step: str) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Where the reference says that every candidate must be after a step."""
    start_at = story.settings().destination("meta").start_at
    assert start_at is not None
    placed, known = states(Shop(story.at(step) / "landing", start_at).verdicts(), story.moments["first"])
    if step != "first":  # what was enrolled keeps its identity and its end, whatever landed later
        enrolled, _ = offered(story, "first")
        placed |= {key: state for key, state in enrolled.items() if state in ("accepted", "expired")}
    return placed, known


def ledger_states(home: Path) -> dict[str, tuple[str, str, str]]:
    """Source key → (state, event_id, digest) of every enrolled event, from the ledger's file and the delta files."""
    paths = dict(ledger_rows(home, "select file_id, path from files"))
    found: dict[str, tuple[str, str, str]] = {}
    overrides = {
        (file_id, row): state
        for file_id, row, state in ledger_rows(
            home, "select file_id, row_number, state from exceptions order by exception_id"
        )
    }
    for file_id, state, ranges in ledger_rows(home, "select file_id, state, row_ranges from batches"):
        if state == "split":
            continue
        rows = duckdb.sql(
            f"select row_number, source_key, event_id, payload_digest from read_parquet('{home / paths[file_id]}')"
        ).fetchall()
        for row_number, source_key, event_id, digest in rows:
            if any(begin <= row_number < end for begin, end in json.loads(ranges)):
                assert source_key not in found, "enrolled twice"
                found[source_key] = (overrides.get((file_id, row_number), state), event_id, digest)
    return found


def test_every_event_that_must_arrive_arrived_once(story: Story) -> None:
    placed, known = offered(story, "first")
    expected = {
        (known[key]["event_name"], known[key]["event_id"]) for key, state in placed.items() if state == "accepted"
    }
    booked = Counter((event.event_name, event.event_id) for event in story.book.events()[: story.booked["first"]])
    assert len(expected) > 1000
    assert set(booked) == expected
    assert set(booked.values()) == {1}


def test_the_ledger_says_of_each_event_what_the_platform_says(story: Story) -> None:
    ledger = ledger_states(story.at("first"))
    accepted = {event_id: digest for state, event_id, digest in ledger.values() if state == "accepted"}
    booked = {event.event_id: event.sha256 for event in story.book.events()[: story.booked["first"]]}
    assert booked == accepted  # the same events, and the same bytes: the digest is that of the frozen payload
    placed, _ = offered(story, "first")
    assert {key: state for key, (state, _, _) in ledger.items()} == {
        key: state for key, state in placed.items() if state in ("accepted", "expired")
    }


@pytest.mark.parametrize("step", STEPS)
def test_the_balance_is_what_landing_says(story: Story, step: str) -> None:
    placed, _ = offered(story, step)
    counted = Counter(placed.values())
    code, printed = story.waybill(story.at(step), "balance")
    told = printed["destinations"]["meta"]
    words = {word: count for word, count in told.items() if isinstance(count, int) and not isinstance(count, bool)}
    assert code == 0
    assert told["balanced"] is True
    assert words.pop("candidates") == len(placed)
    assert words.pop("possibly_twice") == 0
    assert {word: count for word, count in words.items() if count} == dict(counted)
    assert counted["quarantined"] >= 1
    assert story.waybill(story.at(step), "ledger", "audit")[0] == 0


def test_everything_run_twice_sends_nothing(story: Story) -> None:
    assert story.counts["first"]["deliver"]["accepted"] == story.booked["first"]
    assert story.counts["again"]["build"]["frozen"] == 0
    assert story.counts["again"]["deliver"]["sent"] == 0
    assert story.booked["again"] == story.booked["first"]


def test_an_order_delivered_before_its_click_landed_is_sent_once(story: Story) -> None:
    order = story.chosen["late_click"]
    mine = [event for event in story.book.events() if f'"order_id":"{order}"' in event.payload]
    assert [event.event_id for event in mine] == [f"purchase_{order}"]
    assert story.counts["late_click"]["build"]["changed_after_enrolment"] == 1
    assert story.booked["late_click"] == story.booked["first"]
    code, explained = story.waybill(story.at("late_click"), "explain", order)
    assert code == 0
    (change,) = explained[0]["changed_after_enrolment"]
    assert (change["event_id"], change["event_id_now"]) == (f"purchase_{order}", "captured-late")


def test_a_bad_set_closes_the_file_and_says_why(story: Story) -> None:
    assert story.closed is not None
    assert "one_em_share" in str(story.closed)
    home = story.at("bad_set")
    assert story.booked["bad_set"] == story.booked["late_click"]
    files = "select count(*) from files where enrolled_rows > 0"
    assert ledger_rows(home, files) == ledger_rows(story.at("late_click"), files)
    pages = "".join(path.read_text() for path in (home / "data_docs" / "meta").rglob("*.html"))
    assert "one_em_share" in pages
    code, printed = story.waybill(home, "balance")
    assert code == 0
    assert printed["destinations"]["meta"]["gated"] == 120


def test_a_closed_file_that_a_person_opened_is_delivered_and_says_who_and_why(story: Story) -> None:
    home, file_id = story.at("opened"), story.chosen["closed_file"]
    assert len(story.book.events()) == story.booked["bad_set"] + 120
    assert len(ledger_rows(home, f"select 1 from files where file_id = '{file_id}'")) == 1
    code, printed = story.waybill(home, "balance")
    assert code == 0
    told, before = (
        printed["destinations"]["meta"],
        story.waybill(story.at("bad_set"), "balance")[1]["destinations"]["meta"],
    )
    assert (told["gated"], told["accepted"]) == (0, before["accepted"] + 120)
    assert story.waybill(home, "ledger", "audit")[0] == 0
    _, shown = story.waybill(home, "ledger", "show")
    (action,) = shown["actions"]
    assert (action["verb"], action["who"], action["because"], action["events"]) == (
        "open",
        "jane",
        "one wholesaler, TICKET-7",
        120,
    )
    _, (explained,) = story.waybill(home, "explain", "same-7")
    (approval,) = explained["approvals"]
    assert (explained["state"], approval["file_id"], approval["who"]) == ("accepted", file_id, "jane")


def test_the_shared_captured_id_is_quarantined_by_its_expectation(story: Story) -> None:
    home = story.at("first")
    placed, _ = offered(story, "first")
    twice = {key for key, state in placed.items() if state == "quarantined"}
    gate = duckdb.sql(
        f"select source_key, reasons from read_parquet('{home}/published/gate/meta/*.parquet')"
        " where state = 'quarantined'"
    ).fetchall()
    assert {key for key, _ in gate} == twice
    (reason,) = {reason for _, reasons in gate for reason in reasons}
    pages = "".join(path.read_text() for path in (home / "data_docs" / "meta").rglob("*.html"))
    assert reason in pages
    _, (explained,) = story.waybill(story.at("late_click"), "explain", min(twice))
    assert explained["state"] == "quarantined"
    seen = {when: datetime.fromisoformat(moment) for when, moment in explained["quarantined"].items()}
    assert seen == {"first_seen": story.moments["first"], "last_seen": story.moments["late_click"]}


def test_the_token_never_was_in_a_url(story: Story) -> None:
    assert story.book.requests()
    assert not [request for request in story.book.requests() if request.token_in_url]


def test_no_contact_data_left_staging(story: Story) -> None:
    """Every e-mail address and phone of the shop, searched in every byte outside landing."""
    home = story.at("late_click")
    landing = duckdb.sql(
        f"select email, phone from read_parquet('{home}/landing/shop/customers/*.parquet')"
        f" union all select email, phone from read_parquet('{home}/landing/shop/leads/*.parquet')"
    ).fetchall()
    written = {part for email, phone in landing for part in (*re.split("[;, ]+", email or ""), (phone or "").strip())}
    clear = {text for text in written if len(text) >= 8}
    clear = {text for text in clear if "@" in text or sum(letter.isdigit() for letter in text) >= 8}
    hashes = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{64}(\.\S+)?")  # by the shop's own doing
    clear -= {text for text in clear if hashes.fullmatch(text)}
    clear -= {text for text in clear if set(text) <= set("+0")}  # nobody's number
    assert len(clear) > 500
    texts = [text_of(path) for path in sorted(home.rglob("*")) if path.is_file() and "landing" not in path.parts]
    everything = "\n".join(texts)
    assert "purchase_" in everything  # the search does see what is there
    assert [text for text in clear if text in everything] == []


def text_of(path: Path) -> str:
    """All values of a Parquet, DuckDB or other file as text."""
    if path.suffix == ".parquet":
        return "\n".join(str(row) for row in duckdb.sql(f"select * from read_parquet('{path}')").fetchall())
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
            ).fetchall()
            return "\n".join(
                str(connection.execute(f'select * from "{schema}"."{table}"').fetchall()) for schema, table in tables
            )
    return path.read_bytes().decode("utf-8", errors="replace")


@pytest.mark.parametrize("loss", ["ledger batch", "delta row", "published candidate", "key of an enrolled event"])
def test_a_loss_turns_the_balance_false(story: Story, tmp_path: Path, loss: str) -> None:
    home = tmp_path / "home"
    shutil.copytree(story.at("first"), home)
    if loss == "ledger batch":
        with sqlite3.connect(home / "ledger.sqlite") as ledger:
            ledger.execute("pragma foreign_keys = off")
            ledger.execute("delete from batches where batch_id = (select min(batch_id) from batches)")
    elif loss == "delta row":
        (path,) = ledger_rows(home, "select path from files order by enrolled_at limit 1")
        without_first_row(home / path[0])
    elif loss == "published candidate":
        without_first_row(largest(home / "published" / "candidates" / "meta"))
    else:
        without_first_row(largest(home / "published" / "delivery" / "keys" / "meta"))
    code, printed = story.waybill(home, "balance")
    assert code == 1
    assert printed["destinations"]["meta"]["balanced"] is False
    assert printed["destinations"]["meta"]["breaks"]
    assert story.waybill(home, "ledger", "audit")[0] == 1


def without_first_row(path: Path) -> None:
    aside = path.with_suffix(".aside")
    duckdb.sql(f"copy (select * from read_parquet('{path}') offset 1) to '{aside}' (format parquet)")
    aside.replace(path)


def largest(folder: Path) -> Path:
    return max(folder.glob("*.parquet"), key=lambda path: path.stat().st_size)


def test_the_story_is_about_a_fixed_moment(story: Story) -> None:
    """Guards the tests above: were the clock the machine's own, a slow run would shift what expires."""
    frozen = duckdb.sql(
        f"select distinct frozen_at from read_parquet('{largest(story.at('first') / 'delta' / 'meta')}')"
    )
    assert [row[0].timestamp() for row in frozen.fetchall()] == [AS_OF.timestamp()]
