"""Files: a reader sees the whole file or the one before, never a half, and nobody else may read it."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from waybill.files import locked, sha256_of, write_json, written_aside


def test_a_write_that_fails_leaves_the_file_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), written_aside(path) as aside:
        aside.write_text("half")
        raise RuntimeError
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_is_its_owners(tmp_path: Path) -> None:
    with written_aside(tmp_path / "deep" / "b") as aside:
        aside.write_bytes(b"abc")
    assert stat.S_IMODE((tmp_path / "deep" / "b").stat().st_mode) == 0o600
    assert sha256_of(tmp_path / "deep" / "b") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_lock_has_one_holder_and_ends_with_it(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    held_elsewhere = (
        "import sys, pathlib; from waybill.files import locked\n"
        "with locked(pathlib.Path(sys.argv[1])) as alone: print(alone)"
    )

    def other_process_gets_it() -> str:
        command = [sys.executable, "-c", held_elsewhere, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with locked(path) as alone:
        assert alone
        assert other_process_gets_it() == "False"
    assert other_process_gets_it() == "True"
