"""HTTP connections that are cut when an answer takes too long as a whole.

The time-outs of requests count the silence between two bytes. A peer that sends one now and then, in the head of an
answer, before it or after it, is never silent.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _Scissors:
    """Cuts the connection that a request has taken."""

    connection: HTTPConnection | None = None

    def __call__(self) -> None:
        taken = self.connection.sock if self.connection is not None else None
        if taken is not None:
            with suppress(OSError):  # it has ended by itself
                # Not its own method: that of a TLS socket takes away what another thread is reading with.
                socket.socket.shutdown(taken, socket.SHUT_RDWR)


class _OfThread(threading.local):
    scissors: _Scissors | None = None


_OF_THREAD = _OfThread()


class _Known:
    """Says which connection this thread uses."""

    def request(self, *arguments: Any, **options: Any) -> None:
        if _OF_THREAD.scissors is not None:
            _OF_THREAD.scissors.connection = self  # type: ignore[assignment]
        super().request(*arguments, **options)  # type: ignore[misc]


class _KnownHTTP(_Known, HTTPConnection):
    pass


class _KnownHTTPS(_Known, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _KnownHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _KnownHTTPS


class CuttableAdapter(HTTPAdapter):
    """An adapter of requests whose connections ``cut_after`` can cut."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


@contextmanager
def cut_after(seconds: float) -> Iterator[None]:
    """Cuts the connection of this thread's request when the block takes longer; what was read until then is there."""
    scissors = _OF_THREAD.scissors = _Scissors()
    timer = threading.Timer(seconds, scissors)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _OF_THREAD.scissors = None
