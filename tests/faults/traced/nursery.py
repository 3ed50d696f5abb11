"""A process that has imported everything and forks one step after the other, so that a kill costs no start-up.

A line of JSON in, a line of JSON out: the exit status as the system tells it (-9: killed). Each child leads a group of
its own and installs its own tracer; nothing that it does reaches the next one.
"""

import _strptime  # noqa: F401 (imported late by others; each child would pay for it)
import contextlib
import json
import os
import resource
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 (the same)
from boundaries import Tracer, install

import waybill.delivery.enrolment
import waybill.delivery.fold
import waybill.delivery.run
import waybill.destinations.registry
import waybill.printing
import waybill.retention.forget
import waybill.retention.purge  # (and polars, which must not have begun to work when a process is forked)
from waybill.cli import main as command_line
from waybill.delivery.ledger import Ledger
from waybill.delivery.publish import publish
from waybill.delivery.retry import RetryPolicy
from waybill.errors import WaybillError
from waybill.settings import load_settings

QUICK = RetryPolicy(tries=4, first_seconds=0.01, longest_seconds=0.05)


def deliver(wish: dict[str, Any]) -> int:
    """One delivery and one publishing, as a DAG runs them; the exit code of the command line."""
    if wish.get("file_limit") is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (wish["file_limit"], resource.RLIM_INFINITY))
    if wish.get("busy_seconds") is not None:
        (Ledger.__init__.__kwdefaults__ or {})["busy_seconds"] = wish["busy_seconds"]
    settings = load_settings(wish["environment"])
    target = settings.destinations["meta"].model_copy(update=wish.get("changes", {}))
    settings = settings.model_copy(
        update={"as_of": datetime.fromisoformat(wish["as_of"]), "destinations": {"meta": target}}
    )
    settings.home.create()
    try:
        waybill.delivery.run.deliver(settings, "meta", policy=QUICK)
        publish(settings)
    except WaybillError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if wish.get("said"):
            Path(wish["said"]).write_text(str(error), encoding="utf-8")
        return error.exit_code
    return 0


def call(wish: dict[str, Any]) -> int:
    """One call of the command line, whose words go to the file ``said``; its exit code."""
    with Path(wish["said"]).open("w", encoding="utf-8") as said:
        for handle in (1, 2):
            os.dup2(said.fileno(), handle)
    if wish.get("fold_rows") is not None:
        waybill.delivery.fold.ROWS = wish["fold_rows"]  # type: ignore[misc]
    for name in [name for name in os.environ if name.startswith("WAYBILL_")]:
        del os.environ[name]
    os.environ.update(wish["environment"])
    sys.argv = ["waybill", *wish["arguments"]]
    try:
        command_line()
    except SystemExit as ended:
        return int(ended.code or 0)


def child(wish: dict[str, Any]) -> None:
    os.setpgid(0, 0)
    code = 70
    try:
        kill, full = wish.get("kill"), wish.get("full")
        home = wish["environment"]["WAYBILL_HOME"]
        install(Tracer(home, wish.get("record", ""), tuple(kill) if kill else None, tuple(full) if full else None))
        code = call(wish) if wish.get("arguments") else deliver(wish)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    for line in sys.stdin:
        wish = json.loads(line)
        process = os.fork()
        if process == 0:
            child(wish)
        with contextlib.suppress(OSError):  # the child does it too; whoever comes first
            os.setpgid(process, process)
        if wish.get("after_seconds") is not None:
            time.sleep(wish["after_seconds"])
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
