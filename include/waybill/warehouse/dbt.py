"""Running dbt as a child process, so that the warehouse file is closed again when it ends.

In one process dbt-duckdb keeps the file open for writing after a run, which would shut out the freeze.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from waybill.errors import BuildFailed, SourceUnavailable
from waybill.settings import Settings, child_environment

_FULL_DISK = ("No space left on device", "File too large", "Disk quota exceeded", "Read-only file system")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True)
class DbtRun:
    """What a finished dbt run did: nodes by status, and the rows that each model says it wrote."""

    nodes: int
    seconds: float


def run(settings: Settings, arguments: Sequence[str], logs: Path | None = None) -> DbtRun:
    """Runs one dbt command on the project; BuildFailed names the nodes that failed, without any value of a row.

    ``logs`` is the folder of dbt's log, by default the home's own.
    """
    folder = settings.home.build
    logs = logs or folder / "logs"
    target = folder / "target"
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "waybill.warehouse.dbt_child",
        "--no-use-colors",
        "--no-send-anonymous-usage-stats",
        "--no-version-check",
        *("--log-path", str(logs)),
        *("--log-level-file", "info"),
        *arguments,
        *("--project-dir", str(settings.dbt_project_dir)),
        *("--profiles-dir", str(settings.dbt_project_dir)),
        *("--target", settings.dbt_target),
        *("--target-path", str(target)),
    ]
    done = subprocess.run(  # noqa: S603 - our own arguments; nothing from data is among them
        command,
        cwd=settings.dbt_project_dir,
        env=child_environment(settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        _raise(settings, results, logs / "dbt.log", done.stdout + done.stderr)
    return _summary(results)


def _summary(results: Path) -> DbtRun:
    raw = json.loads(results.read_text(encoding="utf-8"))
    return DbtRun(nodes=len(raw["results"]), seconds=float(raw["elapsed_time"]))


def _raise(settings: Settings, results: Path, log: Path, output: str) -> None:
    """Turns a failed run into an error that names the nodes; quoted values are cut, because they may come from rows."""
    if "Could not set lock on file" in output or "Conflicting lock is held" in output:
        raise SourceUnavailable(
            f"{settings.home.warehouse_file} is open in another process, and DuckDB gives a file to one at a time. "
            "Close what holds it (an analyst's shell, another build) and run `waybill build` again."
        )
    if any(said in output for said in _FULL_DISK):
        raise SourceUnavailable(
            f"dbt could not write below {settings.home.root}: its disk is full or read-only. Make room there and run "
            "`waybill build` again; what was published is as it was."
        )
    failed: list[str] = []
    if results.exists():
        for result in json.loads(results.read_text(encoding="utf-8"))["results"]:
            if result["status"] in ("error", "fail", "runtime error"):
                failed.append(f"  {result['unique_id']}: {_first_line(result.get('message') or '')}")
    if not failed:
        lines = output.splitlines()
        failed = [
            f"  {_first_line(chr(10).join(lines[n : n + 3]))}" for n, line in enumerate(lines) if "Error" in line
        ][:3]
    names = "\n".join(failed) or f"  dbt ended without naming a node: {os.fspath(log)}"
    raise BuildFailed(
        f"dbt could not build the marts; what was published is as it was. What failed:\n{names}\n"
        f"The whole log is {log}. Mend the model or the data and run `waybill build` again."
    )


def _first_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return _QUOTED.sub("'…'", " ".join(lines[:3]))[:300]
