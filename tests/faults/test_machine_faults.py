"""A full disk, a locked or damaged ledger, a damaged file of the outbox: refused in words, nothing sent, and mended."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from children import Nursery, nursery
from kills import aftermath, copied, counted, eventful, fresh
from oracle import violations
from outbox import events

from waybill.accounting.audit import audit
from waybill.emulator import Emulator
from waybill.errors import ConfigurationError

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    # Near the beginning, where a small Parquet file has its rows: much of what follows may change without any effect.
    "a flipped byte": lambda whole: (
        whole[: len(whole) // 6] + bytes([whole[len(whole) // 6] ^ 1]) + whole[len(whole) // 6 + 1 :]
    ),
    "cut short": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: b"",
}


@pytest.fixture(scope="module")
def children() -> Iterator[Nursery]:
    with nursery() as running:
        yield running


def test_a_disk_that_is_full_at_any_write(
    tmp_path: Path, platform: Emulator, children: Nursery, all_boundaries: bool
) -> None:
    """Every boundary of a delivery but the requests, once each: no room is left there."""
    ready = fresh(tmp_path / "ready", platform.base_url)
    record, said = tmp_path / "record.txt", tmp_path / "said.txt"
    assert children.deliver(copied(ready, tmp_path / "unharmed"), record=record) == 0
    found: dict[tuple[str, int], list[str]] = {}
    met = counted(record)
    places = [(name, number) for name in met for number in (range(1, met[name] + 1) if all_boundaries else [1])]
    for number, full in enumerate(place for place in places if not place[0].startswith("request")):
        platform.reset()
        said.unlink(missing_ok=True)
        chain = copied(ready, tmp_path / f"full{number}")
        code = children.deliver(chain, full=full, said=str(said))
        text = said.read_text() if said.exists() else ""
        found[full] = [] if code == 3 and "disk" in text else [f"ended with {code}: {text}"]
        found[full] += aftermath(chain, platform)
    assert {full: texts for full, texts in found.items() if texts} == {}


@pytest.mark.parametrize("limit", [0, 4_000, 20_000, 60_000, 100_000, 140_000])
def test_a_disk_with_little_room(tmp_path: Path, platform: Emulator, children: Nursery, limit: int) -> None:
    """The system itself refuses to let any file grow beyond a limit."""
    chain = fresh(tmp_path / "home", platform.base_url)
    said = tmp_path / "said.txt"

    code = children.deliver(chain, file_limit=limit, said=str(said))

    assert (code, "disk" in said.read_text() if said.exists() else "nothing was said") in (
        (3, True),
        (0, "nothing was said"),
    )
    assert aftermath(chain, platform) == []


def test_a_ledger_that_is_locked(tmp_path: Path, platform: Emulator, children: Nursery) -> None:
    chain = fresh(tmp_path / "home", platform.base_url)
    chain.office.deliver()
    chain.add(events(2, first=21))
    before, said = len(platform.book.requests()), tmp_path / "said.txt"
    with closing(sqlite3.connect(chain.office.home.ledger_file, isolation_level=None)) as holder:
        holder.execute("begin immediate")
        assert children.deliver(chain, busy_seconds=0.3, said=str(said)) == 3
    assert "locked by another process" in said.read_text()
    assert len(platform.book.requests()) == before
    assert aftermath(chain, platform) == []


def test_any_damaged_page_of_the_ledger_sends_nothing_twice(
    tmp_path: Path, platform: Emulator, children: Nursery
) -> None:
    """Each page of the file in turn is overwritten: each is noticed before anything is sent."""
    ready = fresh(tmp_path / "ready", platform.base_url)
    ready.office.deliver()
    ready.add(events(1, first=21))
    file = ready.office.home.ledger_file
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    whole, refused = file.read_bytes(), 0
    pages = range(len(whole) // 4096)
    for page in pages:
        chain = copied(ready, tmp_path / f"page{page}")
        spoilt = whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :]
        chain.office.home.ledger_file.write_bytes(spoilt)
        said = tmp_path / f"said{page}.txt"
        code = children.deliver(chain, said=str(said))
        if code != 0:
            assert (code, "damaged" in said.read_text()) == (1, True), (page, said.read_text())
            refused += 1
        ids = [event.event_id for event in platform.book.events()]
        assert sorted(ids) == sorted({*ids}), page
        with closing(sqlite3.connect(platform.book.path)) as book:
            book.execute("delete from events where event_id = 'purchase_21'")
            book.commit()
    assert refused == len(pages)


FILES = {
    "delta/meta/*-000001.parquet": ("delta file", 1),
    "delta/meta/*-000002.parquet": ("delta file", 1),
    "delta/meta/*-000002.json": ("sidecar", 1),
    "delta/meta/*-000002.withdrawals.parquet": ("withdrawals", 1),
    "delta/meta/*-000002.decision.json": ("", 1),
    "published/gate/meta/*-000002.parquet": ("", 1),
}
"""Every file that an eventful home still needs: the one that it sends from, and the one that comes next."""


@pytest.mark.parametrize("pattern", FILES)
def test_a_damaged_file_of_the_outbox(tmp_path: Path, platform: Emulator, children: Nursery, pattern: str) -> None:
    ready = eventful(tmp_path / "ready", platform, children)
    for number, damage in enumerate((*DAMAGES.values(), None)):
        platform.reset()
        chain = copied(ready, tmp_path / f"damaged{number}")
        (path,) = chain.office.home.root.glob(pattern)
        whole, ledger = path.read_bytes(), chain.office.dump()
        path.unlink() if damage is None else path.write_bytes(damage(whole))
        said = tmp_path / f"said{number}.txt"

        code = children.deliver(chain, said=str(said))

        if damage is None and "decision" in pattern:  # the gate has not judged this file yet
            assert code == 0
            assert f"meta/{path.name.partition('.')[0]}" not in dict(
                chain.office.rows("select file_id, path from files")
            )
        else:
            assert code == FILES[pattern][1], said.read_text()
            assert path.name in said.read_text()
            assert platform.book.requests() == []
            assert chain.office.dump() == ledger
        path.write_bytes(whole)
        assert aftermath(chain, platform) == []


def test_the_audit_finds_a_damaged_delta_file_without_its_sidecar(tmp_path: Path, platform: Emulator) -> None:
    chain = fresh(tmp_path / "home", platform.base_url)
    chain.office.set_token("an-expired-token")
    with pytest.raises(ConfigurationError):
        chain.office.deliver()  # enrolled, and waiting
    assert audit(chain.office.settings) == []
    (path,) = chain.office.home.delta.glob("meta/*-000001.parquet")
    path.with_suffix(".json").unlink()
    (gone,) = audit(chain.office.settings)
    assert f"{path.with_suffix('.json')} is gone" in gone
    path.write_bytes(DAMAGES["a flipped byte"](path.read_bytes()))
    damaged, _ = audit(chain.office.settings)
    assert f"{path} is damaged" in damaged


def test_a_lost_ledger_is_noticed_before_anything_is_sent(
    tmp_path: Path, platform: Emulator, children: Nursery
) -> None:
    chain = fresh(tmp_path / "home", platform.base_url)
    chain.office.deliver()
    backup = tmp_path / "backup.sqlite"
    shutil.copy(chain.office.home.ledger_file, backup)
    chain.add(events(2, first=21))
    chain.office.home.ledger_file.unlink()
    before, said = len(platform.book.requests()), tmp_path / "said.txt"

    assert children.deliver(chain, said=str(said)) == 1

    assert "Restore the newest ledger" in said.read_text()
    assert len(platform.book.requests()) == before
    for left in chain.office.home.root.glob("ledger.sqlite*"):
        left.unlink()
    shutil.copy(backup, chain.office.home.ledger_file)
    assert aftermath(chain, platform) == []
    assert violations(chain, platform.book) == []
