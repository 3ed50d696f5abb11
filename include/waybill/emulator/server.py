"""Serves the platform over HTTP on a loopback address, until it is told to stop.

It binds no other address: it accepts anything that looks like a token's owner and keeps what it is sent.
"""

import asyncio
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from waybill.emulator.book import BookWriter
from waybill.emulator.control import Control
from waybill.emulator.graph import Call, Graph
from waybill.emulator.plan import Plan

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Protocol(H11Protocol):
    """HTTP that hands its transport to the application (in the request's state), so that a fault can close it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def make_app(graph: Graph) -> Starlette:
    """The ASGI application: the emulator's own endpoints, and the Graph API on every other path."""

    async def call(request: Request) -> Response:
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it; half a request was never received
        answer = graph.answer(
            Call(
                method=request.method,
                path=request.url.path,
                query=request.query_params,
                authorization=request.headers.get("authorization", ""),
                content_type=request.headers.get("content-type", ""),
                body=body,
            )
        )
        response = JSONResponse(answer.body, status_code=answer.status)
        return answer.fault.spoil(response) if answer.fault else response

    return Starlette(
        routes=[
            Mount("/_emulator", app=Control(graph).app()),
            Route("/{path:path}", call, methods=_METHODS),
        ]
    )


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to a loopback address (port 0: any free one); ValueError for every other address."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(f"The emulator serves loopback only, not {host!r}; use 127.0.0.1, ::1 or localhost.")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only where it is; without, each answer waits 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


def url_of(bound: socket.socket) -> str:
    """The base URL of a bound socket, as a sender's setting takes it."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """A uvicorn server that says when it listens."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,  # a URL may hold a token
                server_header=False,
                timeout_graceful_shutdown=5,
            )
        )
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.listens.set()


def serve(
    book_path: Path | str,
    host: str,
    port: int,
    datasets: Mapping[str, str],
    now: Callable[[], datetime],
    server_duplicates: str = "merged",
    on_ready: Callable[[str], Any] | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM, then returns; ``on_ready`` is called with the base URL when the port is taken.

    ``datasets``: dataset id -> the token that may write to it. ``now`` gives aware datetimes. ValueError for an address
    that is not loopback, a wrong mode, no dataset or a file that is no book; OSError when the port is taken. Call it
    from the main thread.
    """
    with bind(host, port) as bound, platform(book_path, datasets, now, server_duplicates) as graph:
        bound.listen()  # from here on callers wait instead of being turned away
        if on_ready is not None:
            on_ready(url_of(bound))
        with _quiet_signals():
            Server(make_app(graph)).run(sockets=[bound])


@contextmanager
def platform(
    book_path: Path | str, datasets: Mapping[str, str], now: Callable[[], datetime], server_duplicates: str
) -> Iterator[Graph]:
    if not datasets or not all(datasets.values()):
        raise ValueError("The emulator needs at least one dataset, each with a token that is not empty.")
    book = BookWriter(book_path, server_duplicates)
    try:
        yield Graph(datasets, now, book, Plan())
    finally:
        book.close()


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """uvicorn stops on a signal and then raises it again, which would end the process; here stopping is all."""
    before = {sig: signal.signal(sig, lambda *_: None) for sig in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for sig, handler in before.items():
            signal.signal(sig, handler)
