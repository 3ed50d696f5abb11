"""Airflow is looked at from processes of their own, each with an Airflow home of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
Describe = Callable[[Path], dict[str, Any]]


def airflow_environment(home: Path) -> dict[str, str]:
    """An environment for a process that imports Airflow; nothing of the machine's own Waybill or Airflow is in it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("WAYBILL_", "AIRFLOW"))}
    return {
        **kept,
        "WAYBILL_HOME": str(home),
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
    }


def _run_python(arguments: list[str], home: Path, **more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        env={**airflow_environment(home), **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., Any]:
    """Runs a piece of Python beside an Airflow home of its own and returns the JSON it printed last."""

    def run(source: str, **environment: str) -> Any:
        return json.loads(_run_python(["-c", source], tmp_path, **environment))

    return run


@pytest.fixture(scope="session")
def describe(tmp_path_factory: pytest.TempPathFactory) -> Describe:
    """Reads a DAG folder the way Airflow does and says what it found and what reading it touched."""

    def read(folder: Path) -> dict[str, Any]:
        home = tmp_path_factory.mktemp("describe")
        asked = [str(PROJECT / "tests/dags/describe.py"), str(folder), str(home)]
        # Compiled modules are what Python writes, not the file that is read.
        found: dict[str, Any] = json.loads(_run_python(asked, home, PYTHONDONTWRITEBYTECODE="1"))
        return found

    return read


@pytest.fixture(scope="session")
def described(describe: Describe) -> dict[str, Any]:
    return describe(PROJECT / "dags")
