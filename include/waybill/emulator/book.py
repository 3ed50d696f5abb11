"""The book: every request that the emulator received and every event that it accepted, in one SQLite file.

An event is in the book before its answer leaves, so the book is what "the platform" knows even when the answer was
lost or the process was killed. Refused events are only counted. The file holds what senders sent: only its owner
may read it. Reading needs no server: ``Book(path)`` works on the file, also while a server writes it.
"""

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from waybill.emulator.counting import check_mode, counted

_SCHEMA: Final = """
    create table if not exists requests (
        request_id integer primary key autoincrement,
        received_at text not null,
        method text not null,
        path text not null,
        dataset text,
        status integer,
        code integer,
        subcode integer,
        rule text,
        events integer not null,
        accepted integer not null,
        bytes integer not null,
        encoding text not null,
        token_place text not null,
        token_in_url integer not null,
        test_event_code text,
        partner_agent text,
        warnings text not null,
        fault text,
        trace_id text not null
    );
    create table if not exists events (
        request_id integer not null,
        position integer not null,
        dataset text not null,
        event_name text not null,
        event_id text,
        event_time integer not null,
        action_source text not null,
        received_at text not null,
        payload text not null,
        sha256 text not null,
        offline_key text,
        primary key (request_id, position)
    ) without rowid;
    create table if not exists settings (name text primary key, value text not null);
"""


@dataclass(frozen=True)
class BookedRequest:
    """One request. ``status`` is what the sender was answered (None: the answer was lost); ``rule`` is the rule that
    refused it, which the answer does not say; ``events`` came, ``accepted`` were booked; ``path`` has no query."""

    received_at: str
    method: str
    path: str
    dataset: str | None = None
    status: int | None = None
    code: int | None = None
    subcode: int | None = None
    rule: str | None = None
    events: int = 0
    accepted: int = 0
    bytes: int = 0
    encoding: str = ""
    token_place: str = "none"  # noqa: S105
    token_in_url: bool = False
    test_event_code: str | None = None
    partner_agent: str | None = None
    warnings: Mapping[str, int] = field(default_factory=dict)
    fault: str | None = None
    trace_id: str = ""
    request_id: int = 0


class BookedEvent(NamedTuple):
    """One accepted event; ``payload`` is its JSON text exactly as received, ``sha256`` that of its UTF-8 bytes."""

    request_id: int
    position: int
    dataset: str
    event_name: str
    event_id: str | None
    event_time: int
    action_source: str
    received_at: str
    payload: str
    sha256: str
    offline_key: str | None

    def content(self) -> dict[str, Any]:
        """The event as an object."""
        content: dict[str, Any] = json.loads(self.payload)
        return content


_REQUEST_COLUMNS: Final = tuple(f.name for f in fields(BookedRequest))


class Book:
    """Reads a book; made of a path, it opens the file anew for each question, from any thread or process."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def requests(self) -> list[BookedRequest]:
        """Every request, in the order answered."""
        with self._reading() as connection:
            query = f"select {', '.join(_REQUEST_COLUMNS)} from requests order by request_id"  # noqa: S608
            return [_request(row) for row in connection.execute(query)]

    def events(self) -> list[BookedEvent]:
        """Every accepted event, in the order received, repeats included."""
        with self._reading() as connection:
            return list(_events(connection))

    def counted(self, server_duplicates: str | None = None) -> list[BookedEvent]:
        """The events that Meta would count; by default under the mode the server was last started with."""
        with self._reading() as connection:
            return list(counted(_events(connection), server_duplicates or _mode(connection)))

    def summary(self) -> dict[str, Any]:
        """Totals, JSON-able: requests by answer, events accepted, distinct and counted, warnings, tokens in URLs."""
        requests = self.requests()
        warnings: Counter[str] = Counter()
        for request in requests:
            warnings.update(request.warnings)
        with self._reading() as connection:
            mode = _mode(connection)
            names: Counter[str] = Counter()
            distinct = set()
            for event in _events(connection, with_payload=False):
                names[event.event_name] += 1
                distinct.add((event.dataset, event.event_name, event.event_id or event[:2]))
            kept = sum(1 for _ in counted(_events(connection, with_payload=False), mode))
        return {
            "requests": len(requests),
            "answers": dict(Counter(_answer(request) for request in requests)),
            "events_accepted": sum(names.values()),
            "events_distinct": len(distinct),
            "events_counted": kept,
            "server_duplicates": mode,
            "event_names": dict(names),
            "token_in_url": sum(request.token_in_url for request in requests),
            "warnings": dict(warnings),
        }

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self.path.is_file():
            raise FileNotFoundError(f"There is no emulator book at {self.path}; start the emulator with this path.")
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            connection.execute("pragma query_only = on")
            yield connection


class BookWriter:
    """Writes a book; one per file. Every ``add`` is committed when it returns (and survives the process's end)."""

    def __init__(self, path: Path | str, server_duplicates: str) -> None:
        self.path = Path(path)
        check_mode(server_duplicates)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self.path.chmod(0o600)
        self._connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(server_duplicates)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ValueError(f"{self.path} cannot be the emulator's book ({error}); name another file.") from error

    def _prepare(self, server_duplicates: str) -> None:
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_SCHEMA)
        self._connection.execute(
            "insert or replace into settings values ('server_duplicates', ?)", (server_duplicates,)
        )

    def add(self, request: BookedRequest, events: Sequence[BookedEvent] = ()) -> None:
        """Books a request and its accepted events, all or none; the events' ``request_id`` is filled in here."""
        values = asdict(request) | {"warnings": json.dumps(dict(request.warnings)), "request_id": None}
        self._connection.execute("begin immediate")
        try:
            cursor = self._connection.execute(_insert("requests", _REQUEST_COLUMNS), tuple(values.values()))
            number = cursor.lastrowid
            rows = ((number, *event[1:]) for event in events)
            self._connection.executemany(_insert("events", BookedEvent._fields), rows)
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def reset(self) -> None:
        """Empties the book; request ids start again."""
        self._connection.executescript(
            "begin; delete from requests; delete from events; delete from sqlite_sequence; commit"
        )

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})"  # noqa: S608


def _events(connection: sqlite3.Connection, with_payload: bool = True) -> Iterator[BookedEvent]:
    columns = [name if with_payload or name != "payload" else "'' as payload" for name in BookedEvent._fields]
    query = f"select {', '.join(columns)} from events order by request_id, position"  # noqa: S608
    return (BookedEvent(*row) for row in connection.execute(query))


def _request(row: tuple[Any, ...]) -> BookedRequest:
    request = BookedRequest(*row)
    warnings = json.loads(row[_REQUEST_COLUMNS.index("warnings")])
    return replace(request, warnings=warnings, token_in_url=bool(request.token_in_url))


def _mode(connection: sqlite3.Connection) -> str:
    (mode,) = connection.execute("select value from settings where name = 'server_duplicates'").fetchone()
    return str(mode)


def _answer(request: BookedRequest) -> str:
    if request.status is None:
        return "lost"
    return "/".join(str(part) for part in (request.status, request.code, request.subcode) if part is not None)
