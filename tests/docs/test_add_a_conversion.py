"""docs/tutorials/add-a-conversion.md, done literally: its files, its commands, nothing else."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from tutorial_steps import Step, steps

from waybill.emulator.book import Book
from waybill.settings import load_settings
from waybill.warehouse import dbt

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorials" / "add-a-conversion.md"
STEPS = steps(PAGE)


@dataclass(frozen=True)
class Workplace:
    """A checkout with nothing but what the page names, and a shell in which its commands are typed."""

    root: Path
    port: int

    @property
    def home(self) -> Path:
        return self.root / "data" / "tutorial"

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("WAYBILL_", "AIRFLOW"))}
        return {
            **kept,
            "WAYBILL_CONFIG": str(self.root / "include" / "waybill.toml"),
            "WAYBILL_DBT_PROJECT_DIR": str(self.root / "dbt_project"),
        }

    def script(self, commands: str) -> list[str]:
        """The page's first commands are exports, which hold for all that follow; the port is one that is free here."""
        exports = "".join(line + "\n" for line in STEPS[0].text.splitlines() if line.startswith("export "))
        return ["bash", "-euc", (exports + commands).replace("8085", str(self.port))]

    def type(self, commands: str) -> str:
        done = subprocess.run(
            self.script(commands), cwd=self.root, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    root = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(ROOT / "dbt_project", root / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    (root / "include").mkdir()
    shutil.copy(ROOT / "include" / "waybill.toml", root / "include")
    command = root / ".venv" / "bin" / "waybill"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -W ignore -m waybill "$@"\n')
    command.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return Workplace(root, port)


@pytest.fixture(scope="module")
def told(workplace: Workplace) -> Iterator[str]:
    """All steps of the page, in its order; what the commands printed."""
    printed = []
    other_terminal = None
    try:
        for step in STEPS:
            if step.path is not None:
                step.apply(workplace.root)
            elif is_emulator(step):
                other_terminal = subprocess.Popen(
                    workplace.script("exec " + step.text.strip() + f" --port {workplace.port}"),
                    cwd=workplace.root,
                    env=workplace.environment,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                assert other_terminal.stdout is not None
                assert "listens" in other_terminal.stdout.readline()
            else:
                # Any appointment will do for the one that is explained; the sample shop may change.
                printed.append(workplace.type(re.sub(r"schedule_A-\d+", lambda _: accepted(workplace)[0], step.text)))
        yield "".join(printed)
    finally:
        if other_terminal is not None:
            other_terminal.terminate()
            other_terminal.communicate()


def is_emulator(step: Step) -> bool:
    return step.text.strip() == ".venv/bin/waybill emulator"


def test_it_takes_no_python_and_three_new_files() -> None:
    files = [step for step in STEPS if step.path is not None]
    assert {step.language for step in files} == {"sql", "yaml", "toml"}
    assert len([step for step in files if step.is_new]) == 3
    assert sum(map(is_emulator, STEPS)) == 1


def test_every_appointment_has_its_place_and_the_sums_agree(workplace: Workplace, told: str) -> None:
    assert "The sums agree" in told
    shop = one("select count(*) from shop.appointments", f"attach '{workplace.home}/shop.duckdb' as shop (read_only)")
    placed = one(
        f"select count(distinct entity_key) from read_parquet('{workplace.home}/published/candidates/meta/*.parquet')"
        " where entity = 'appointments'"
    )
    assert shop == placed > 0


def test_what_was_booked_was_accepted_and_what_was_cancelled_was_not(workplace: Workplace, told: str) -> None:
    booked = {
        f"schedule_{key}"
        for (key,) in rows(
            "select appointment_id from shop.appointments where status <> 'cancelled' and not is_test",
            f"attach '{workplace.home}/shop.duckdb' as shop (read_only)",
        )
    }
    assert set(accepted(workplace)) <= booked
    assert "as Schedule for meta: accepted" in told


def test_the_unit_test_of_the_page_passes(workplace: Workplace, told: str) -> None:
    settings = load_settings({**workplace.environment, "WAYBILL_HOME": str(workplace.home)})
    assert dbt.run(settings, ["test", "--select", "test_name:what_is_a_schedule"]).nodes == 1


def accepted(workplace: Workplace) -> list[str]:
    """The event ids of the appointments that the platform's book holds."""
    book = Book(workplace.home / "emulator.sqlite")
    found = sorted(event.event_id for event in book.events() if event.event_name == "Schedule")
    assert found
    return found


def rows(query: str, *before: str) -> list[tuple[str, ...]]:
    with duckdb.connect() as connection:
        for statement in before:
            connection.execute(statement)
        return connection.execute(query).fetchall()


def one(query: str, *before: str) -> int:
    return int(rows(query, *before)[0][0])
