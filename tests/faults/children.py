"""Steps in child processes that are traced, or killed at a boundary or after a while."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain import Chain, environment
from outbox import NOW

TRACED = Path(__file__).parent / "traced"
Kill = tuple[str, int, str]


@dataclass
class Nursery:
    """A running ``nursery.py``."""

    process: subprocess.Popen[str]

    def deliver(
        self,
        chain: Chain,
        *,
        record: Path | None = None,
        kill: Kill | None = None,
        after_seconds: float | None = None,
        changes: dict[str, Any] | None = None,
        **more: Any,
    ) -> int:
        """One delivery of a home in a process of its own: its exit code, or -9 when it was killed.

        ``more``: ``full`` (a boundary where the disk is full), ``file_limit`` in bytes, ``busy_seconds`` for the
        ledger's lock, ``said`` (where its error is written).
        """
        target = chain.office.settings.destinations["meta"]
        return self._ask(
            chain,
            as_of=(chain.office.settings.as_of or NOW).isoformat(),
            changes={"batch_size": target.batch_size, "threads": target.threads, **(changes or {})},
            record=str(record or ""),
            kill=kill,
            after_seconds=after_seconds,
            **more,
        )

    def waybill(
        self,
        chain: Chain,
        *arguments: str,
        record: Path | None = None,
        kill: Kill | None = None,
        after_seconds: float | None = None,
        **more: Any,
    ) -> tuple[int, str]:
        """One call of the command line on a home: its exit code (-9: killed), and what it said.

        ``more``: ``fold_rows`` (how many keys fill a folded file).
        """
        said = chain.office.home.root.with_suffix(".said")
        wish = {"arguments": arguments, "record": str(record or ""), "kill": kill, "after_seconds": after_seconds}
        return self._ask(chain, said=str(said), **wish, **more), said.read_text(encoding="utf-8")

    def _ask(self, chain: Chain, **wish: Any) -> int:
        settings = chain.office.settings
        own = {"WAYBILL_LEDGER_URI": settings.ledger_uri.get_secret_value()} if settings.ledger_uri else {}
        wish["environment"] = {**environment(settings.home_root, settings.destinations["meta"].base_url), **own}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(wish) + "\n")
        self.process.stdin.flush()
        return int(json.loads(self.process.stdout.readline()))


@contextmanager
def nursery() -> Iterator[Nursery]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WAYBILL_")}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(TRACED / "nursery.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=kept,
    )
    try:
        yield Nursery(process)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(60)
        process.stdout.close()
