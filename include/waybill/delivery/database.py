"""Opening the ledger's database. The only place that knows which database it is.

SQLite with a write-ahead log: people read while delivery writes. ``synchronous=FULL``: what was committed before a byte
left is there after a power cut.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, NullPool, QueuePool, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError

from waybill.errors import LedgerConflict, SourceUnavailable

_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_BUSY: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")


def open_file(path: Path, *, writable: bool, busy_seconds: float) -> Engine:
    """The engine for a ledger file; a writable one creates it, owner-only, and begins each transaction as writer."""
    if writable:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": busy_seconds},
        poolclass=QueuePool if writable else NullPool,  # a reader leaves nothing open behind
        hide_parameters=True,
    )
    _begin_ourselves(engine, "BEGIN IMMEDIATE" if writable else "BEGIN")

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        if writable:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        else:
            connection.execute("PRAGMA query_only=ON")

    return engine


def open_memory() -> Engine:
    """The engine for an empty ledger that is nowhere."""
    return create_engine("sqlite://", poolclass=StaticPool, hide_parameters=True)


def _begin_ourselves(engine: Engine, statement: str) -> None:
    """Takes BEGIN away from the driver, which would begin late and as a reader."""

    @event.listens_for(engine, "connect")
    def no_driver_begin(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql(statement)


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turns the driver's errors into ours, without its text (it may quote a row)."""
    try:
        yield
    except IntegrityError as error:
        raise LedgerConflict(
            f"The ledger {path} refused a row that contradicts it ({_name(error)}); nothing of it was written. "
            "Look at `waybill ledger audit` before anything more is sent."
        ) from None
    except (DBAPIError, sqlite3.Error) as error:
        name = _name(error)
        if name.startswith(_DAMAGED):
            raise LedgerConflict(
                f"The ledger {path} is damaged ({name}). Restore it from a backup; do not delete it, because it is the "
                "only record of what was sent."
            ) from None
        if name.startswith(_BUSY):
            raise SourceUnavailable(
                f"The ledger {path} is locked by another process for too long. Close what holds it (a database tool "
                "with an open transaction, a backup) and run this again."
            ) from None
        raise SourceUnavailable(
            f"The ledger {path} cannot be read or written now ({name}). Look at the disk and the file's owner, then "
            "run this again."
        ) from None


def _name(error: DBAPIError | sqlite3.Error) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlite_errorname", None) or type(cause).__name__)


def unreachable(path: Path, error: OSError) -> SourceUnavailable:
    """What to raise when the file or its folder cannot even be opened."""
    return SourceUnavailable(
        f"The ledger {path} cannot be opened ({error.strerror}). Look at the disk and the file's owner, then run this "
        "again."
    )
