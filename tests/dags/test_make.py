"""What the Makefile promises to someone who just cloned the project."""

import os
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def make(*arguments: str) -> str:
    # As a person's shell calls it: these tests themselves run below `make test`, which leaves its flags behind.
    env = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=PROJECT, env=env, capture_output=True, text=True, check=True).stdout


def test_make_alone_lists_every_target_that_a_person_types() -> None:
    listed = {line.split()[1] for line in make().splitlines()}
    assert listed == {"help", "venv", "demo", "up", "test", "check", "soak", "lock", "clean"}


def test_ci_runs_make_test_and_that_runs_every_check_far_from_utc() -> None:
    assert "exec make test" in (PROJECT / ".ci/run").read_text()
    commands = make("--dry-run", "test")
    for tool in ("ruff format --check", "ruff check", "mypy", "lint-imports", "sqlfluff lint", "yamllint", "pytest"):
        assert tool in commands, tool
    assert "TZ=Pacific/Chatham" in commands
    assert "-c requirements.lock" in make("--dry-run", "--always-make", "demo")


def test_a_machine_without_a_fitting_python_is_told_so(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/bash\n[[ "$1" == "--version" ]] && echo "Python 3.8.18" || exit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["/bin/bash", str(PROJECT / ".ci/find-python")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert "3.11, 3.12 or 3.13" in done.stderr and "Python 3.8.18" in done.stderr
