"""A made-up shop and the real command line on it, whose steps can be traced or killed, the dbt that they start too."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import psutil
from children import TRACED, Kill

AS_OF = "2026-11-20T12:00:00+00:00"
STEPS = ("extract", "build", "gate", "deliver")


@dataclass(frozen=True)
class ShopDesk:
    """A home with a shop in it."""

    home: Path
    environment: dict[str, str]

    def waybill(
        self, *arguments: str, record: Path | None = None, kill: Kill | None = None, **more: Any
    ) -> tuple[int, str]:
        """The exit code (-9: killed) and what was said, of one call of the command line in a group of its own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("WAYBILL_") or "DBT" in key}
        wish = {"home": str(self.home), "record": str(record or ""), "kill": kill, **more}
        # Its name lets it through to the dbt that a build starts, which is told little else of our environment.
        traced = {"PYTHON_FAULTS_TRACED": json.dumps(wish), "PYTHONPATH": str(TRACED)} if record or kill or more else {}
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "waybill", *arguments],
            env={**kept, **self.environment, "WAYBILL_HOME": str(self.home), **traced},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=280)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert "Traceback" not in said, said
        return process.returncode, said

    def told_to_stop(self, step: str, at: str) -> tuple[int, float, list[psutil.Process]]:
        """Starts a step and sends SIGTERM once a file below the home is there: exit code, seconds until the end, and
        which of the processes that it had started are alive after it."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("WAYBILL_")}
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "waybill", step],
            env={**kept, **self.environment, "WAYBILL_HOME": str(self.home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            while not list(self.home.glob(at)) and process.poll() is None:
                time.sleep(0.05)
            time.sleep(1)
            children = psutil.Process(process.pid).children(recursive=True)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
            seconds = time.monotonic() - began
        return code, seconds, [child for child in children if child.is_running()]

    def copy(self, home: Path) -> "ShopDesk":
        shutil.copytree(self.home, home)
        facts = home / "home.toml"
        facts.write_text(facts.read_text().replace(str(self.home), str(home)))
        return ShopDesk(home, self.environment)

    def landed(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every landed row, by table, without what differs from run to run."""
        tables = {}
        for folder in sorted((self.home / "landing" / "shop").iterdir()):
            rows = pl.read_parquet(folder / "*.parquet").select(pl.exclude("^_.*$")).unique()
            tables[folder.name] = sorted(rows.rows(), key=repr)
        return tables

    def audited(self) -> str:
        """What balance and audit find; nothing when both hold."""
        code, said = self.waybill("ledger", "audit")
        return "" if code == 0 else said
