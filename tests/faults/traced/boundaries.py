"""Finds the boundaries of a step, and kills at one of them: every commit, durable write, rename and request.

Nothing is listed by hand: ``install`` wraps what commits and writes anywhere in the process, and names each boundary by
what is done, to what, and by which function of Waybill. A process that shall be killed kills its whole group, itself
included, right before or right after one boundary.
"""

import errno
import itertools
import os
import re
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLUMBING = ("waybill.files", "waybill.delivery.ledger", "waybill.delivery.database")
"""Modules that only pass a call on: what matters is who called them."""

_VARYING = re.compile(r"\d[\dTZ-]*")
_ASIDE = re.compile(r"\.[0-9a-f]+\.tmp$")


class Tracer:
    """Counts boundaries by name, writes them down, and kills at the one that was asked for.

    ``kill`` is (name, occurrence from 1, "before" or "after"); with ``*`` as its name, any boundary counts. ``full`` is
    (name, occurrence): there the disk is full.
    """

    def __init__(
        self, home: str, record: str = "", kill: tuple[str, int, str] | None = None, full: tuple[str, int] | None = None
    ) -> None:
        self._home = Path(home)
        self._record = record
        self._kill = kill
        self._full = full
        self._counted: Counter[str] = Counter()
        self._lock = threading.Lock()

    def around(self, kind: str, target: str, call: Callable[[], Any]) -> Any:
        name = f"{kind} {target} by {_caller()}".replace("  ", " ")
        with self._lock:
            self._counted.update([name, "*"])
            here = {(name, self._counted[name]), ("*", self._counted["*"])}
            if self._record:
                with Path(self._record).open("a", encoding="utf-8") as record:
                    record.write(name + "\n")
        self._kill_if(here, "before")
        if self._full in here:
            raise disk_full(kind)
        result = call()
        self._kill_if(here, "after")
        return result

    def inside(self, path: Any) -> str | None:
        """A path of the home with what varies from run to run masked; None for every other path."""
        try:
            if self._home / "data_docs" in Path(os.fspath(path)).parents:
                return "data_docs/*"
            name = _ASIDE.sub(".tmp", str(Path(os.fspath(path)).relative_to(self._home)))
            return _VARYING.sub("*", name)
        except (TypeError, ValueError):
            return None

    def _kill_if(self, here: set[tuple[str, int]], side: str) -> None:
        if self._kill is not None and self._kill[2] == side and self._kill[:2] in here:
            os.killpg(0, signal.SIGKILL)
            time.sleep(60)  # another thread of this group is gone before this one wakes


def disk_full(kind: str) -> Exception:
    """What is raised where there is no room left."""
    if kind.startswith("duckdb"):
        import duckdb

        return duckdb.IOException("IO Error: Could not write file: No space left on device")
    if kind == "commit":
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        return error
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _caller() -> str:
    """The nearest function of Waybill that is not plumbing."""
    frame = sys._getframe(2)
    for current in itertools.takewhile(bool, _frames(frame)):
        module = current.f_globals.get("__name__", "")
        if module.startswith("waybill.") and module not in PLUMBING:
            return f"{module.removeprefix('waybill.')}.{current.f_code.co_qualname}".split(".<locals>")[0]
    return "dbt" if "dbt" in sys.modules else "outside"


def _frames(frame: Any) -> Any:
    while frame is not None:
        yield frame
        frame = frame.f_back
    yield None


def install(tracer: Tracer) -> None:
    """Wraps everything that makes something durable, or sends it, in this process."""
    _wrap_files(tracer)
    _wrap_duckdb(tracer)
    _wrap_sqlalchemy(tracer)
    _wrap_vacuum(tracer)
    _wrap_requests(tracer)


def _wrap_files(tracer: Tracer) -> None:
    def of_path(kind: str, original: Callable[..., Any], place: int) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            path = arguments[place]
            if options.get("dir_fd") is not None:  # as shutil removes a folder
                path = Path(f"/proc/self/fd/{options['dir_fd']}").readlink() / path
            target = tracer.inside(path)
            if target is None or (kind == "unlink" and not os.path.lexists(path)):
                return original(*arguments, **options)
            return tracer.around(kind, target, lambda: original(*arguments, **options))

        return wrapped

    fsync = os.fsync

    def wrapped_fsync(handle: Any) -> None:
        number = handle if isinstance(handle, int) else handle.fileno()
        target = tracer.inside(Path(f"/proc/self/fd/{number}").readlink())
        tracer.around("fsync", target, lambda: fsync(handle)) if target else fsync(handle)

    os.fsync = wrapped_fsync
    os.replace = of_path("rename", os.replace, 1)
    os.rename = of_path("rename", os.rename, 1)
    os.unlink = of_path("unlink", os.unlink, 0)
    os.rmdir = of_path("rmdir", os.rmdir, 0)


def _wrap_duckdb(tracer: Tracer) -> None:
    import duckdb

    execute = duckdb.DuckDBPyConnection.execute
    files = "select 1 from duckdb_databases() where path is not null and not readonly"

    def is_durable(connection: Any) -> bool:
        """Whether a statement is in a file as soon as it is done; dbt's are inside of transactions."""
        return _caller() != "dbt" and bool(execute(connection.cursor(), files).fetchall())

    def wrapped(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        word = query.split(None, 1)[0].lower() if isinstance(query, str) and query.strip() else ""
        if word not in ("copy", "commit") and not (word in ("delete", "detach") and is_durable(self)):
            return execute(self, query, *arguments, **options)
        return tracer.around(f"duckdb {word}", "", lambda: execute(self, query, *arguments, **options))

    duckdb.DuckDBPyConnection.execute = wrapped  # type: ignore[method-assign]


def _wrap_sqlalchemy(tracer: Tracer) -> None:
    from sqlalchemy.engine.default import DefaultDialect

    commit = DefaultDialect.do_commit

    def wrapped(self: Any, connection: Any) -> None:
        tracer.around("commit", "", lambda: commit(self, connection))

    DefaultDialect.do_commit = wrapped  # type: ignore[method-assign]


def _wrap_vacuum(tracer: Tracer) -> None:
    """The one statement of the ledger that is no transaction."""
    from waybill.delivery.ledger import Ledger

    vacuum = Ledger.vacuum

    def wrapped(self: Any) -> None:
        tracer.around("vacuum", "", lambda: vacuum(self))

    Ledger.vacuum = wrapped  # type: ignore[method-assign]


def _wrap_requests(tracer: Tracer) -> None:
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def wrapped(self: Any, request: Any, *arguments: Any, **options: Any) -> Any:
        return tracer.around("request", "", lambda: send(self, request, *arguments, **options))

    HTTPAdapter.send = wrapped  # type: ignore[method-assign]
