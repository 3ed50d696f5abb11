"""What delivery gives back: keys for the next freeze, and the ledger as Parquet."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from office import FILE_ONLY, Office
from outbox import LATER, Event, events, freeze, hand_over, judge

from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.delivery.publish import publish
from waybill.emulator import Emulator
from waybill.errors import LedgerConflict

MOMENT = pa.timestamp("us", "UTC")


def keys(office: Office) -> list[tuple[object, ...]]:
    glob = str(office.home.published / "delivery" / "keys" / "meta" / "*.parquet")
    query = "select row_number, source_key, event_id from read_parquet(?) order by all"
    with duckdb.connect() as connection:
        return connection.execute(query, [glob]).fetchall()


def test_keys_hold_what_was_enrolled_and_nothing_else(office: Office) -> None:
    delta = freeze(office.home, events(4, spoilt=[1]))
    judge(delta, quarantined=[2])

    office.deliver()

    assert keys(office) == [
        (0, "shop/orders/1", "purchase_1"),
        (1, "shop/orders/2", "purchase_2"),
        (3, "shop/orders/4", "purchase_4"),
    ]
    schema = pq.read_schema(office.home.published / "delivery" / "keys" / "meta" / f"{delta.build_id}.parquet")
    assert schema.names == [
        *("file_id", "row_number", "destination", "dataset", "event_kind", "event_name", "source_key", "event_id"),
        *("occurred_at", "committed_at", "landed_at", "frozen_at", "expires_at", "value", "currency", "payload_digest"),
    ]


def test_lost_keys_are_written_again_from_the_ledger(office: Office) -> None:
    hand_over(office.home, events(3))
    office.deliver()
    before = keys(office)
    for path in (office.home.published / "delivery" / "keys" / "meta").iterdir():
        path.unlink()

    with Ledger.open_readonly(office.home) as ledger:
        assert ensure_keys(office.home, ledger) == 1
        assert ensure_keys(office.home, ledger) == 0
    assert keys(office) == before


def test_keys_are_not_guessed_from_a_damaged_file(office: Office) -> None:
    delta = hand_over(office.home, events(3))
    office.deliver()
    (office.home.published / "delivery" / "keys" / "meta" / f"{delta.build_id}.parquet").unlink()
    delta.path.write_bytes(b"damaged")

    with Ledger.open_readonly(office.home) as ledger, pytest.raises(LedgerConflict, match="damaged"):
        ensure_keys(office.home, ledger)


@FILE_ONLY
def test_a_home_without_a_ledger_reads_as_empty_and_typed(office: Office) -> None:
    report = publish(office.settings)

    assert not office.home.ledger_file.exists()
    assert report.counts() == {"files": 0, "batches": 0, "attempts": 0, "exceptions": 0, "actions": 0, "key_files": 0}
    assert keys(office) == []
    folder = office.home.published / "delivery" / "ledger"
    assert pq.read_schema(folder / "batches.parquet").field("expires_at").type == MOMENT
    assert pq.read_schema(folder / "files.parquet").field("rows").type == pa.int64()


def test_the_snapshot_is_the_ledger(office: Office) -> None:
    hand_over(office.home, events(5, spoilt=[3]))
    office.deliver()

    with Ledger.open_readonly(office.home) as ledger:
        live = ledger.tables_as_arrow()
    for name, table in live.items():
        published = pq.read_table(office.home.published / "delivery" / "ledger" / f"{name}.parquet")
        assert published.to_pylist() == table.to_pylist()
        assert table.num_rows == office.rows(f"select count(*) from {name}")[0][0]
    batch = live["batches"].to_pylist()[0]
    assert batch["row_ranges"] == "[[0, 5]]"
    assert batch["claimed_at"] == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_files_come_in_the_order_of_their_chain(office: Office, emulator: Emulator) -> None:
    first = hand_over(office.home, events(1))
    office.deliver()
    second = hand_over(office.home, [Event(2)], build=LATER, after=first.file_id)
    office.deliver()

    with Ledger.open_readonly(office.home) as ledger:
        assert [file.file_id for file in ledger.enrolled_files("meta")] == [first.file_id, second.file_id]
        assert ledger.last_enrolled("meta") == second.file_id
        assert ledger.last_enrolled("elsewhere") == ""


def test_a_broken_chain_is_noticed(office: Office) -> None:
    first = hand_over(office.home, events(1))
    office.deliver()
    hand_over(office.home, [Event(2)], build=LATER, after=first.file_id)
    office.deliver()
    office.rows("update files set after_file_id = 'meta/nowhere' where build_id = ?", LATER)

    with Ledger.open_readonly(office.home) as ledger, pytest.raises(LedgerConflict, match="broken"):
        ledger.last_enrolled("meta")
