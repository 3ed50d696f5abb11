"""Folding key files: every reader sees every key exactly once."""

import os
import time

import duckdb
import pytest
from office import FILE_ONLY, Office
from outbox import NOW, Event, events, hand_over

from waybill import delta
from waybill.delivery import enrolment, entries, fold, keyfiles
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.errors import LedgerConflict, SourceUnavailable

pytestmark = FILE_ONLY


def keys(office: Office) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        query = f"select file_id, row_number, source_key, event_id from {keyfiles.standing(office.home)} order by all"
        return connection.execute(query).fetchall()


def names(office: Office) -> list[str]:
    return [path.name for path in keyfiles.key_files(office.home, "meta")]


def deliver_files(office: Office, count: int, first: int = 1, each: int = 2) -> None:
    """So many settled files of ``each`` events."""
    for number in range(first, first + count):
        with Ledger.open_readonly(office.home) as ledger:
            after = ledger.last_enrolled("meta")
        build = f"20261120T{number:06d}000000Z"
        hand_over(office.home, events(each, first=number * 100), build=build, after=after)
        office.deliver()


def rest(office: Office) -> None:
    """Lets so much time pass that nobody reads what was folded."""
    for path in keyfiles.key_files(office.home, "meta"):
        os.utime(path, (time.time() - 2 * fold.REST_SECONDS,) * 2)


def test_settled_files_fold_into_one_that_counts_and_their_own_go_later(office: Office) -> None:
    deliver_files(office, 5)
    before = keys(office)
    assert len(before) == 10

    assert fold.fold(office.home, "meta").folded == 5
    assert names(office)[-1] == "folded-00000001.parquet" and len(names(office)) == 6
    assert keys(office) == before
    assert fold.fold(office.home, "meta") == fold.Folding()  # a reader may still be at the parts
    rest(office)
    assert fold.fold(office.home, "meta").removed == 5
    assert names(office) == ["folded-00000001.parquet"]
    assert keys(office) == before

    deliver_files(office, 2, first=6)
    assert fold.fold(office.home, "meta").folded == 2
    rest(office)
    fold.fold(office.home, "meta")
    assert names(office) == ["folded-00000002.parquet"]
    assert len(keys(office)) == 14
    for path in (*keyfiles.folder(office.home, "meta").iterdir(), office.home.root / "ledger.keys.lock"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_what_waits_is_not_folded(office: Office) -> None:
    deliver_files(office, 1)
    office.rows("update files set settled_at = null")
    assert fold.fold(office.home, "meta") == fold.Folding()
    assert names(office) == ["20261120T000001000000Z.parquet"]


def test_folded_keys_still_count_when_every_delta_file_is_gone(office: Office) -> None:
    deliver_files(office, 3)
    fold.fold(office.home, "meta")
    rest(office)
    fold.fold(office.home, "meta")
    for path in (office.home.delta / "meta").iterdir():
        path.unlink()

    with Ledger.open_readonly(office.home) as ledger:
        assert ensure_keys(office.home, ledger) == 0
        files = ledger.enrolled_files("meta")
    [found] = entries.find(office.home, "100", None)
    assert found.source_key == "shop/orders/100"
    again = hand_over(office.home, [Event(100)], build="20261121T000000000000Z", after=files[-1].file_id)
    with pytest.raises(LedgerConflict, match="repeats 1 source keys and 1 event ids"):
        enrolment.plan(office.home, again, files, 1000, 10_000_000, NOW)


def test_keys_that_are_nowhere_any_more_are_an_error_and_not_a_second_sending(office: Office) -> None:
    deliver_files(office, 2)
    fold.fold(office.home, "meta")
    rest(office)
    fold.fold(office.home, "meta")
    for path in (*(office.home.delta / "meta").iterdir(), *keyfiles.key_files(office.home, "meta")):
        path.unlink()
    with Ledger.open_readonly(office.home) as ledger, pytest.raises(LedgerConflict, match="in no key file"):
        ensure_keys(office.home, ledger)


def test_a_damaged_key_file_is_named_and_nothing_is_folded_or_removed(office: Office) -> None:
    deliver_files(office, 2)
    fold.fold(office.home, "meta")
    rest(office)
    folded = keyfiles.folder(office.home, "meta") / "folded-00000001.parquet"
    with duckdb.connect() as connection:  # the same rows but for one letter, and the digest that was written with them
        connection.execute(
            "create table keys as select * replace (replace(event_id, '100', '999') as event_id) "
            f"from read_parquet('{folded}')"
        )
        [(said,)] = connection.execute(
            f"select decode(value) from parquet_kv_metadata('{folded}') where decode(key) = 'waybill_keys'"
        ).fetchall()
        connection.execute(f"copy keys to '{folded}' (format parquet, kv_metadata {{waybill_keys: '{said}'}})")
    os.utime(folded, (time.time() - 2 * fold.REST_SECONDS,) * 2)
    with pytest.raises(LedgerConflict, match=r"folded-00000001.parquet does not hold the rows"):
        fold.fold(office.home, "meta")
    assert len(names(office)) == 3


def test_one_at_a_time(office: Office) -> None:
    office.home.create()
    with keyfiles.alone(office.home), pytest.raises(SourceUnavailable, match="rewriting the keys"):
        fold.fold(office.home, "meta")


def test_a_dry_run_says_what_would_be_folded_and_writes_nothing(office: Office) -> None:
    deliver_files(office, 3)
    before = names(office)
    assert fold.fold(office.home, "meta", dry_run=True).folded == 3
    assert names(office) == before
    assert delta.newest(office.home, "meta") is not None
