"""Opening the ledger's database. The only place that knows which database it is.

SQLite with a write-ahead log: people read while delivery writes. PostgreSQL, where several machines deliver. Both give
the same promises: a writing transaction is alone from its first statement, a reading one sees one moment, and what
was committed before a byte left is there after a power cut (``synchronous=FULL``, ``synchronous_commit=on``).
"""

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, StaticPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from waybill.clock import Clock
from waybill.delivery import stopping
from waybill.errors import ConfigurationError, LedgerConflict, SourceUnavailable
from waybill.home import Home

_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_BUSY: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "LockNotAvailable", "DeadlockDetected", "SerializationFailure")
_FOR_A_PERSON: Final = ("Invalid", "InsufficientPrivilege", "ReadOnlySqlTransaction")
_REFUSALS: Final = ("authentication failed", "no password supplied", "no pg_hba.conf entry", "does not exist")
"""How a server's refusal of a connection is known from one that is away; the text itself is never shown."""

_AT_A_TIME: Final = 0.5
"""Seconds for which SQLite is left to wait for a lock; it does so in C, where a signal to end is not heard."""

_IDLE_SECONDS: Final = 60
"""A process that stops inside a transaction holds everybody up for so long at most; then the server ends it."""


class Place(Protocol):
    """Where a ledger is. Its text names it without a secret; ``is_shared`` where several machines may deliver."""

    is_shared: bool

    def exists(self) -> bool: ...

    def open(self, *, writable: bool, busy_seconds: float) -> Engine: ...

    def prepare(self, connection: Connection) -> None:
        """Makes what the tables are put into; LedgerConflict when what is there is damaged."""

    def time(self, connection: Connection) -> datetime:
        """The time by which leases run: one clock for all who deliver, and never a home's fixed one."""
        ...

    def vacuum(self, engine: Engine) -> None:
        """Gives up the room of rows that were changed or deleted, so that nothing of them can be read any more."""


def place(home: Home) -> Place:
    """The ledger of a home: the server that the settings name, else a file in the home."""
    return File(home.ledger_file) if home.ledger_uri is None else Server(home.ledger_uri.get_secret_value())


class File:
    """A ledger that is one SQLite file, for the deliverers of one machine."""

    is_shared = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def exists(self) -> bool:
        return self._path.exists()

    def open(self, *, writable: bool, busy_seconds: float) -> Engine:
        """The engine; a writable one creates the file, owner-only, and begins each transaction as writer."""
        if writable:
            self._create()
        engine = create_engine(
            f"sqlite:///{self._path}",
            connect_args={"timeout": min(busy_seconds, _AT_A_TIME)},
            poolclass=QueuePool if writable else NullPool,  # a reader leaves nothing open behind
            hide_parameters=True,
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # takes BEGIN away from the driver: it begins late and as a reader
            if writable:
                _patiently(lambda: connection.execute("PRAGMA journal_mode=WAL"), busy_seconds)
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute("PRAGMA foreign_keys=ON")
            else:
                connection.execute("PRAGMA query_only=ON")

        @event.listens_for(engine, "begin")
        def begin(connection: Any) -> None:
            driver = connection.connection.dbapi_connection
            _patiently(lambda: driver.execute("BEGIN IMMEDIATE" if writable else "BEGIN"), busy_seconds)

        return engine

    def prepare(self, connection: Connection) -> None:
        """Looks at every page, because a damaged one might be read only after something new was sent."""
        if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() != "ok":
            raise _damaged(self, "quick_check")

    def time(self, connection: Connection) -> datetime:
        return Clock().now()

    def vacuum(self, engine: Engine) -> None:
        with engine.connect() as connection:
            driver = connection.connection.cursor()  # outside of a transaction, which VACUUM must be
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                driver.execute(statement)

    def _create(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._path.chmod(0o600)
        except OSError as error:
            raise SourceUnavailable(
                f"The ledger {self} cannot be opened ({error.strerror}). Look at the disk and the file's owner, then "
                "run this again."
            ) from error


class Server:
    """A ledger in a schema of a PostgreSQL database, for deliverers on several machines."""

    is_shared = True

    def __init__(self, uri: str) -> None:
        try:
            url = make_url(uri).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError):
            raise ConfigurationError(
                "WAYBILL_LEDGER_URI cannot be understood. Write postgresql://user:password@host:5432/database, with "
                "?schema=name at the end where the tables belong in a schema of their own."
            ) from None
        self._schema = str(url.query.get("schema") or "public")
        self._url: URL = url.difference_update_query(["schema"])

    def __str__(self) -> str:
        host = self._url.host or "local"
        port = f":{self._url.port}" if self._url.port else ""
        return f"postgresql://{host}{port}/{self._url.database or ''} (schema {self._schema})"

    def exists(self) -> bool:
        return True

    def open(self, *, writable: bool, busy_seconds: float) -> Engine:
        """The engine; writing transactions of a schema follow one another, a reading one keeps one snapshot."""
        session = {
            "search_path": self._schema,
            "synchronous_commit": "on",
            "lock_timeout": f"{int(busy_seconds * 1000)}ms",
            "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
            "default_transaction_isolation": "read committed" if writable else "repeatable read",
            "default_transaction_read_only": "off" if writable else "on",
        }
        engine = create_engine(
            self._url,
            connect_args={
                "connect_timeout": 10,
                "keepalives_idle": 30,
                "tcp_user_timeout": 30_000,  # a server that vanished is noticed
                "options": " ".join(
                    f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in session.items()
                ),
            },
            poolclass=QueuePool if writable else NullPool,
            hide_parameters=True,
        )
        if writable:
            # What BEGIN IMMEDIATE is to a file. Each statement after it sees all that was committed before.
            lock = f"select pg_advisory_xact_lock({self._lock()})"
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(lock))
        return engine

    def prepare(self, connection: Connection) -> None:
        query = text("select 1 from pg_namespace where nspname = :name")
        if connection.execute(query, {"name": self._schema}).first() is None:
            quoted = connection.dialect.identifier_preparer.quote_identifier(self._schema)
            connection.execute(text(f"create schema {quoted}"))

    def time(self, connection: Connection) -> datetime:
        moment: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
        return moment

    def vacuum(self, engine: Engine) -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum exceptions"))

    def _lock(self) -> int:
        """The number of this ledger's lock: another one in the same database has another."""
        digest = hashlib.sha256(f"waybill ledger {self._schema}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)


def open_memory() -> Engine:
    """The engine for an empty ledger that is nowhere."""
    return create_engine("sqlite://", poolclass=StaticPool, hide_parameters=True)


def _patiently(attempt: Callable[[], object], seconds: float) -> None:
    """Waits for SQLite's lock, a little at a time; the last refusal is raised."""
    until = time.monotonic() + seconds
    while True:
        try:
            attempt()
            return
        except sqlite3.OperationalError as error:
            if not _name(error).startswith(_BUSY) or stopping.seconds_to_wait(until) <= 0:
                raise


def _damaged(place: Place, found: str) -> LedgerConflict:
    return LedgerConflict(
        f"The ledger {place} is damaged ({found}). Restore it from a backup; do not delete it, because it is the "
        "only record of what was sent."
    )


@contextmanager
def clear_errors(place: Place) -> Iterator[None]:
    """Turns the driver's errors into ours, without its text (it may quote a row or a password)."""
    try:
        yield
    except IntegrityError as error:
        raise LedgerConflict(
            f"The ledger {place} refused a row that contradicts it ({_name(error)}); nothing of it was written. "
            "Look at `waybill ledger audit` before anything more is sent."
        ) from None
    except (DBAPIError, sqlite3.Error) as error:
        _refuse(place, error)


def _refuse(place: Place, error: DBAPIError | sqlite3.Error) -> NoReturn:
    name = _name(error)
    if name.startswith(_DAMAGED):
        raise LedgerConflict(
            f"The ledger {place} is damaged ({name}). Restore it from a backup; do not delete it, because it is the "
            "only record of what was sent."
        ) from None
    if name.startswith(_BUSY):
        raise SourceUnavailable(
            f"The ledger {place} is locked by another process for too long. Close what holds it (a database tool "
            "with an open transaction, a backup) and run this again."
        ) from None
    if not place.is_shared:
        raise SourceUnavailable(
            f"The ledger {place} cannot be read or written now ({name}). Look at the disk and the file's owner, then "
            "run this again."
        ) from None
    if name.startswith(_FOR_A_PERSON) or any(words in str(error) for words in _REFUSALS):
        raise ConfigurationError(
            f"The ledger's server refuses us ({name}) at {place}. Check the user, password, database and schema in "
            "WAYBILL_LEDGER_URI, and that the user may create tables there; nothing was changed."
        ) from None
    raise SourceUnavailable(
        f"The ledger {place} is away or was restarted ({name}). Run this again when it is back; what was being sent "
        "when it went becomes unknown then, and nothing is lost."
    ) from None


def _name(error: DBAPIError | sqlite3.Error) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlite_errorname", None) or type(cause).__name__)
