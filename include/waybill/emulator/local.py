"""Runs the emulator beside a test: a thread with a server on a free port, and a handle to ask and to plan with."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from waybill.emulator.book import Book
from waybill.emulator.plan import USUAL
from waybill.emulator.server import Server, bind, make_app, platform, url_of


@dataclass(frozen=True)
class Emulator:
    """A running emulator: where it is, what it has received, and what shall go wrong."""

    base_url: str
    book: Book

    def plan(self, fault: str, times: int | str | None = USUAL, from_request: int = 1, **options: float) -> None:
        """Plans a fault for ``times`` accepted requests (None: until cleared), from the ``from_request``-th on."""
        plan = {"fault": fault, "times": times, "from_request": from_request, "options": options}
        self._control("POST", "faults", plan)

    def roll(self, seed: int, chances: Mapping[str, float]) -> None:
        """Lets seeded dice decide for each accepted request which fault it meets, if any."""
        self._control("POST", "faults", {"seed": seed, "chances": dict(chances)})

    def clear_faults(self) -> None:
        """Forgets every planned fault."""
        self._control("DELETE", "faults")

    def reset(self) -> None:
        """Empties the book and forgets every planned fault."""
        self._control("POST", "reset")

    def _control(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> None:
        answer = requests.request(method, f"{self.base_url}/_emulator/{name}", json=body, timeout=30)
        if answer.status_code != 200:
            raise ValueError(answer.json()["error"])


@contextmanager
def running(
    book_path: Path | str,
    datasets: Mapping[str, str],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    server_duplicates: str = "merged",
    port: int = 0,
) -> Iterator[Emulator]:
    """An emulator on 127.0.0.1 in a thread of this process, listening when the block begins and gone when it ends."""
    with bind("127.0.0.1", port) as bound, platform(book_path, datasets, now, server_duplicates) as graph:
        server = Server(make_app(graph))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="waybill-emulator")
        thread.start()
        try:
            if not server.listens.wait(timeout=60):
                raise RuntimeError("The emulator did not start within 60 seconds; its log says why.")
            yield Emulator(url_of(bound), Book(book_path))
        finally:
            server.should_exit = True
            thread.join()
