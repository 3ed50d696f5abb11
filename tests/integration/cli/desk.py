"""A home and the real command line on it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from answer import Answer

TOKEN = "made-up-token-of-the-cli"
DATASET = "5647382910"
AS_OF = "2026-11-20T12:00:00+00:00"


@dataclass(frozen=True)
class Desk:
    """A home and the environment in which the real command line is called on it."""

    home: Path
    environment: dict[str, str]

    def waybill(self, *arguments: str, **environment: str) -> Answer:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("WAYBILL_") or "DBT" in key}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "waybill", *arguments],
            env={**kept, **self.environment, "WAYBILL_HOME": str(self.home), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)

    def stores(self) -> dict[str, bytes]:
        """Every byte that a failed step must leave as it was."""
        kept = ("landing", "delta", "published", "ledger.sqlite", "shop.duckdb")
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for name in kept
            for path in sorted([self.home / name, *(self.home / name).rglob("*")])
            if path.is_file() and not path.name.endswith(".lock")
        }
