"""What docs/restore.md says, done: its commands are read from it and run as they stand there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chain import Chain, environment
from children import Nursery, nursery
from lifetimes import FORGET, PURGE, WHO, after_forgetting, forgettable, outdated, seen_by_readers
from office import TOKEN
from oracle import violations
from outbox import NOW, events

from ledgers import LedgerServer
from waybill import jobs, tombstones
from waybill.accounting.audit import audit
from waybill.delivery.pauses import resume
from waybill.emulator import Emulator
from waybill.errors import ConfigurationError
from waybill.home import HomeFacts

PAGE = (Path(__file__).parents[2] / "docs" / "restore.md").read_text(encoding="utf-8")
BACK_UP, DUMP, COMPARE, RESTORE_LEDGER, RESTORE_DUMP, RESTORE_HOME, RESTORE_FILE = re.findall(
    r"```sh\n(.*?)```", PAGE, flags=re.DOTALL
)


def shell(chain: Chain, backup: Path, commands: str, file: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Runs commands of the page on a home."""
    backup.mkdir(exist_ok=True)
    home = chain.office.home
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WAYBILL_")}
    return subprocess.run(
        ["bash", "-euc", commands],
        env={
            **kept,
            **environment(home.root, chain.office.settings.destinations["meta"].base_url),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "BACKUP": str(backup),
            "FILE": file,
            **more,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def chain(tmp_path: Path, platform: Emulator) -> Chain:
    """Two events accepted, three enrolled that wait for another token."""
    made = Chain.make(tmp_path / "home", platform.base_url, batch_size=2, threads=1)
    return filled(made)


def filled(made: Chain) -> Chain:
    made.add(events(2))
    facts = HomeFacts(is_sample=True, as_of=NOW, start_at=NOW.replace(day=1))
    made.office.home.facts_file.write_text(facts.to_toml())
    made.office.deliver()
    made.add(events(3, first=11))
    made.office.set_token("an-expired-token")
    with pytest.raises(ConfigurationError):
        made.office.deliver()
    made.office.set_token(TOKEN)
    return made


def test_a_ledger_and_a_delta_file_come_back(chain: Chain, tmp_path: Path, platform: Emulator) -> None:
    backup, home = tmp_path / "backup", chain.office.home
    done = shell(chain, backup, BACK_UP)
    assert done.returncode == 0, done.stderr
    (waiting,) = home.delta.glob("meta/*-000002.parquet")
    for path in (home.ledger_file, waiting):
        whole = path.read_bytes()
        path.write_bytes(whole[:4096] + b"\xa5" * 4096 + whole[8192:])
    refused = shell(chain, backup, "waybill deliver")
    assert (refused.returncode, "damaged" in refused.stderr) == (1, True), refused.stderr

    compared = shell(chain, backup, COMPARE)
    snapshot, restored = compared.stdout.splitlines()
    assert snapshot.split(",")[0] == restored.split(",")[0], compared.stderr
    half = shell(chain, backup, RESTORE_LEDGER)
    assert (half.returncode, waiting.name in half.stdout) == (1, True), half.stderr  # the audit names the other file
    done = shell(chain, backup, RESTORE_FILE, file=str(waiting.relative_to(home.root)))
    assert done.returncode == 0, done.stderr
    done = shell(chain, backup, "waybill ledger audit; waybill publish; waybill resume meta; waybill deliver")
    assert done.returncode == 0, done.stdout + done.stderr

    assert chain.office.states() == {"accepted": 5}
    ids = [event.event_id for event in platform.book.events()]
    assert sorted(ids) == sorted({*ids}) and len(ids) == 5
    assert violations(chain, platform.book) == []


def test_a_ledger_that_is_older_is_seen_in_the_snapshot_and_refused_behind_its_back(
    chain: Chain, tmp_path: Path, platform: Emulator
) -> None:
    backup = tmp_path / "backup"
    assert shell(chain, backup, BACK_UP).returncode == 0
    assert shell(chain, backup, "waybill deliver").returncode == 0
    chain.add(events(1, first=21))
    assert shell(chain, backup, "waybill deliver").returncode == 0
    chain.add(events(1, first=22))
    before = len(platform.book.events())

    snapshot, restored = shell(chain, backup, COMPARE).stdout.splitlines()
    assert int(snapshot.split(",")[0].strip("(")) > int(restored.split(",")[0].strip("("))
    shell(chain, backup, RESTORE_LEDGER)
    refused = shell(chain, backup, "waybill resume meta; waybill deliver")
    assert (refused.returncode, "the ledger is older than what was sent" in refused.stderr) == (1, True), refused.stderr
    assert len(platform.book.events()) == before


@pytest.fixture(scope="module")
def children() -> Iterator[Nursery]:
    with nursery() as running_nursery:
        yield running_nursery


def test_a_ledger_from_before_an_erasure_needs_the_whole_home_and_the_erasure_again(
    tmp_path: Path, platform: Emulator, children: Nursery
) -> None:
    life, backup = forgettable(tmp_path / "home", platform), tmp_path / "backup"
    resume(life.office.settings, "meta", WHO)
    assert shell(life.chain, backup, BACK_UP).returncode == 0
    assert children.waybill(life.chain, *FORGET)[0] == 0
    known = tombstones.read(life.office.home)

    alone = shell(life.chain, backup, RESTORE_LEDGER)
    assert (alone.returncode, "damaged" in alone.stdout) == (1, True), alone.stdout + alone.stderr
    assert children.waybill(life.chain, "resume", "meta")[0] == 0
    platform.reset()
    assert (children.deliver(life.chain), platform.book.requests()) == (1, [])

    whole = shell(life.chain, backup, RESTORE_HOME)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert tombstones.read(life.office.home) == known
    assert "canary@example.com" in repr(life.customers())
    assert life.build() == 0  # nothing of landing is read again
    code, said = children.waybill(life.chain, *FORGET)
    assert code == 0, said
    after_forgetting(life, platform)


@pytest.mark.all_boundaries
def test_an_erasure_whose_journal_is_damaged_is_done_again_in_the_restored_home(
    tmp_path: Path, platform: Emulator, children: Nursery
) -> None:
    life, backup = forgettable(tmp_path / "home", platform), tmp_path / "backup"
    resume(life.office.settings, "meta", WHO)
    assert shell(life.chain, backup, BACK_UP).returncode == 0
    halfway = ("vacuum by retention.forget_stores.bind", 1, "after")
    assert children.waybill(life.chain, *FORGET, kill=halfway)[0] == -9
    tombstones.journal_path(life.office.home).write_bytes(b"{")
    code, said = children.waybill(life.chain, "ledger", "forget", "--resume")
    assert (code, "all stores together from one backup" in said) == (1, True), said

    whole = shell(life.chain, backup, RESTORE_HOME)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    code, said = children.waybill(life.chain, *FORGET)
    assert code == 0, said
    after_forgetting(life, platform)


def test_files_come_back_one_by_one(tmp_path: Path, platform: Emulator, children: Nursery) -> None:
    """Folded keys whose delta files were purged, loose keys, a decision, the gate's file, tombstones, withdrawals."""
    life, backup = outdated(tmp_path / "home", platform), tmp_path / "backup"
    home = life.office.home
    erase = ("ledger", "forget", "C-1", "--because", "ticket 4711")
    for arguments in (PURGE, erase):
        code, said = children.waybill(life.chain, *arguments)
        assert code == 0, said
    assert shell(life.chain, backup, BACK_UP).returncode == 0
    seen = life.what_readers_see()
    assert audit(life.office.settings) == []

    (kept,) = [
        path for path in home.delta.glob("meta/*.json") if path.stem.startswith("202611") and "." not in path.stem
    ]
    keys = home.published / "delivery" / "keys" / "meta"
    for path in (
        *sorted(keys.glob("folded-*.parquet"))[-1:],
        kept.with_suffix(".decision.json"),
        home.published / "gate" / "meta" / f"{kept.stem}.parquet",
        kept.with_suffix(".parquet"),
        kept,
    ):
        path.write_bytes(path.read_bytes()[:-9])
        code, told = children.waybill(life.chain, "ledger", "audit")
        assert (code in (1, 3), path.name in told) == (True, True), told
        done = shell(life.chain, backup, RESTORE_FILE, file=str(path.relative_to(home.root)))
        assert done.returncode == 0, done.stderr
        assert audit(life.office.settings) == []

    tombstones.path(home).unlink()
    assert shell(life.chain, backup, RESTORE_FILE, file="tombstones.parquet").returncode == 0
    loose = keys / f"{kept.stem}.parquet"
    loose.unlink()
    assert children.waybill(life.chain, "publish")[0] == 0
    assert loose.exists()
    assert seen_by_readers(life, seen) == []


@pytest.mark.parametrize("schema", ["ledger", pytest.param("public", marks=pytest.mark.all_boundaries)])
def test_a_ledger_in_postgresql_is_dumped_and_restored(
    tmp_path: Path, platform: Emulator, ledger_postgresql: LedgerServer, schema: str
) -> None:
    """With the pg_dump and pg_restore of the server that the tests run; the dump is older than what was sent."""
    backup, uri = tmp_path / "backup", ledger_postgresql.schema(schema)
    chain = Chain.make(tmp_path / "home", platform.base_url, batch_size=2, threads=1)
    chain.office.move_ledger(uri)
    filled(chain)
    database, schema = re.fullmatch(r"(.*)[?&]schema=(\w+)", uri).groups()  # type: ignore[union-attr]
    path = f"{ledger_postgresql.programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    more = {"DATABASE": database, "SCHEMA": schema, "WAYBILL_LEDGER_URI": uri, "PATH": path}
    done = shell(chain, backup, DUMP, **more)
    assert done.returncode == 0, done.stderr
    before = chain.office.dump()
    chain.office.deliver()
    jobs.publish(chain.office.settings)
    sent = len(platform.book.events())
    assert sent == 5

    done = shell(chain, backup, RESTORE_DUMP, **more)

    assert (done.returncode, "the ledger is older than what was sent" in done.stdout) == (1, True), done.stderr
    counts = [
        int(line.strip("(").split(",")[0].split("|")[0])
        for line in done.stdout.splitlines()
        if line[0] in "(0123456789"
    ]
    assert counts[0] > counts[1]
    assert [row for row in chain.office.dump() if row[0] != "actions" and row[0] != "pauses"] == before
    # What was sent since goes out again with the same ids, as the page says; every copy is known.
    jobs.publish(chain.office.settings)
    resume(chain.office.settings, "meta", WHO)
    chain.office.deliver()
    assert chain.office.states() == {"accepted": 5}
    assert len({event.event_id for event in platform.book.events()}) == 5
