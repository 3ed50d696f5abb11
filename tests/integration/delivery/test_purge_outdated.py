"""Purging delta files, pages, logs and leftovers: what is settled and folded goes, what is needed stays."""

import os
import time
from datetime import timedelta

import duckdb
import pytest
from office import FILE_ONLY, Office
from outbox import NOW, Event, events, freeze, hand_over, judge

from waybill.delivery import keyfiles
from waybill.delivery.ledger import Ledger
from waybill.emulator import Emulator
from waybill.errors import LedgerConflict
from waybill.retention.purge import Purge, purge

pytestmark = FILE_ONLY

LONG_AFTER = NOW + timedelta(days=80)
NEWEST = f"{LONG_AFTER:%Y%m%dT%H%M%S%fZ}-000009"


def files(office: Office) -> list[str]:
    return sorted(path.name for path in (office.home.delta / "meta").iterdir() if path.suffix != ".lock")


def keys(office: Office) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(f"select * from {keyfiles.standing(office.home)} order by all").fetchall()


def of(build: str) -> list[str]:
    return sorted(f"{build}{kind}" for kind in (".json", ".parquet", ".decision.json", ".withdrawals.parquet"))


@pytest.fixture
def lived(office: Office) -> Office:
    """Two settled files, one with an unknown event, one that the gate closed, one without a sidecar; 80 days later."""
    after = ""
    for number in (1, 2, 3):
        delta = hand_over(
            office.home, events(2, first=number * 10), build=f"20261120T12000{number}000000Z", after=after
        )
        office.deliver()
        after = delta.file_id
    office.rows("update files set settled_at = null where file_id = ?", after)
    office.rows("update batches set state = 'unknown', reason = 'held_dedup_window' where file_id = ?", after)
    judge(freeze(office.home, events(2, first=40), build="20261120T120004000000Z", after=after), closed=True)
    freeze(office.home, events(2, first=50), build="20261120T120005000000Z", after=after).sidecar_path.unlink()
    office.set_clock(LONG_AFTER)
    return office


def renewed(office: Office) -> None:
    """A build of now freezes something, as it does every five minutes."""
    with Ledger.open_readonly(office.home) as ledger:
        hand_over(office.home, [Event(90)], build=NEWEST, after=ledger.last_enrolled("meta"))


def test_what_is_settled_and_folded_goes_and_what_waits_stays(lived: Office, emulator: Emulator) -> None:
    renewed(lived)
    before = keys(lived)
    assert purge(lived.settings, dry_run=True).files["delta"] == 4 + 4 + 4 + 2
    assert len(files(lived)) == 4 * 5 + 2

    done = purge(lived.settings)

    assert (done.folded, done.files["delta"]) == (2, 4 + 4 + 4 + 2)
    assert files(lived) == sorted([*of("20261120T120003000000Z"), *of(NEWEST)])
    assert keys(lived) == before
    [note] = done.notes
    assert note.startswith("1 delta files of meta are older than 75 days and are kept")
    sent = len(emulator.book.events())
    lived.deliver()
    assert len(emulator.book.events()) == sent
    assert lived.states() == {"accepted": 4, "unknown": 2, "expired": 1}
    assert purge(lived.settings).files["delta"] == 0


def test_before_the_newest_was_replaced_it_stays_however_old_it_is(lived: Office) -> None:
    purge(lived.settings)
    assert set(of("20261120T120004000000Z")) <= set(files(lived))


def test_a_ledger_that_is_not_the_one_of_these_files_stops_it(lived: Office) -> None:
    renewed(lived)
    for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
        (lived.home.root / name).unlink(missing_ok=True)
    before = files(lived)
    with pytest.raises(LedgerConflict, match="which the ledger does not hold"):
        purge(lived.settings)
    assert files(lived) == before


def test_pages_logs_and_what_was_killed_leave_when_they_are_old(office: Office) -> None:
    home = office.home
    home.create()
    office.set_clock(LONG_AFTER)
    old, new = f"{NOW:%Y%m%dT%H%M%S%fZ}-000001", NEWEST
    pages = [home.data_docs / "meta" / build / "index.html" for build in (old, old.replace("01", "02"), new)]
    shared = home.data_docs / "static" / "fonts" / "one.woff"
    killed = [
        home.root / "home.toml.abc.tmp",
        home.published / "gate" / "meta" / "x.parquet.0123456789ab.tmp",
        home.root / "warehouse.duckdb.0123456789ab.tmp.wal",
        home.build / "scratch" / "spill.bin",
        home.build / "diff-abc" / "landing" / "x.parquet",
    ]
    dbt = [home.build / "logs" / "dbt.log.1", home.build / "logs" / "diff" / "dbt.log"]
    kept = [home.build / "state.json", home.build / "target" / "manifest.json", home.published / "gate" / "a.parquet"]
    for path in [*pages, shared, *killed, *dbt, *kept]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("12345")
    assert _counted(purge(office.settings)) == {"data_docs": 2}  # the rest may be somebody's who is at work
    assert [page.exists() for page in pages] == [False, False, True] and shared.exists()

    long_ago = time.time() - 100 * 24 * 3600
    for path in [home.build / "diff-abc", *home.root.rglob("*")]:
        os.utime(path, (long_ago, long_ago))
    would = purge(office.settings, dry_run=True)
    assert _counted(would) == {"log": 2, "leftover": 5}
    assert would.bytes["leftover"] == 25
    assert all(path.exists() for path in [*killed, *dbt])
    assert _counted(purge(office.settings)) == {"log": 2, "leftover": 5}
    assert not any(path.exists() for path in [*killed, *dbt])
    assert all(path.exists() for path in [*kept, pages[2], shared])


def _counted(done: Purge) -> dict[str, int]:
    return {kind: files for kind, files in done.files.items() if files}
