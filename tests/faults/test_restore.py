"""What docs/restore.md says, done: its commands are read from it and run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from chain import Chain, environment
from office import TOKEN
from oracle import violations
from outbox import NOW, events

from waybill.emulator import Emulator
from waybill.errors import ConfigurationError
from waybill.home import HomeFacts

PAGE = (Path(__file__).parents[2] / "docs" / "restore.md").read_text(encoding="utf-8")
BACK_UP, COMPARE, RESTORE_LEDGER, RESTORE_FILE = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)


def shell(chain: Chain, backup: Path, commands: str, file: str = "") -> subprocess.CompletedProcess[str]:
    """Runs commands of the page on a home."""
    backup.mkdir(exist_ok=True)
    home = chain.office.home
    home.facts_file.write_text(HomeFacts(is_sample=True, as_of=NOW, start_at=NOW.replace(day=1)).to_toml())
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WAYBILL_")}
    return subprocess.run(
        ["bash", "-euc", commands],
        env={
            **kept,
            **environment(home.root, chain.office.settings.destinations["meta"].base_url),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "BACKUP": str(backup),
            "FILE": file,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def chain(tmp_path: Path, platform: Emulator) -> Chain:
    """Two events accepted, three enrolled that wait for another token."""
    made = Chain.make(tmp_path / "home", platform.base_url, batch_size=2, threads=1)
    made.add(events(2))
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
