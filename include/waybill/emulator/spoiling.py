"""Answers that go wrong on their way: the Responses with which a fault replaces the platform's own.

uvicorn answers for an application that does not (with a 500), so a fault that cuts a connection closes the transport
itself, which ``server.Protocol`` hands over, and returns only after the loss was noticed.
"""

import asyncio
import json
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Dropped(Response):
    """Closes the connection without a byte of an answer; ``reset`` tells the sender so (RST) instead of ending it."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport: asyncio.Transport = scope["state"]["transport"]
        await _cut(transport, receive, reset=self._reset)


class Cut(Response):
    """Promises a whole answer (``Content-Length``) and closes the connection after half of it."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = bytes(whole.body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport: asyncio.Transport = scope["state"]["transport"]
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(self._whole)}\r\n\r\n"
        transport.write(head.encode() + self._whole[: len(self._whole) // 2])
        await asyncio.sleep(0)
        await _cut(transport, receive, reset=False)


class Late(Response):
    """Sends an answer after ``seconds``, or to nobody when the sender has gone by then."""

    def __init__(self, answer: Response, seconds: float) -> None:
        super().__init__()
        self._answer = answer
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self._seconds)
        await self._answer(scope, receive, send)


def one_too_few(answer: Response) -> Response:
    """The same answer with an ``events_received`` that is one too low."""
    body: dict[str, Any] = json.loads(bytes(answer.body))
    return as_json(body | {"events_received": body["events_received"] - 1})


def with_error_inside(answer: Response) -> Response:
    """The same success, and an error beside it."""
    body: dict[str, Any] = json.loads(bytes(answer.body))
    error = {"message": "An unknown error occurred", "type": "OAuthException", "code": 1}
    return as_json(body | {"error": error})


def page(status: int, title: str) -> Response:
    """What a gateway or a captive portal answers instead of the platform."""
    return Response(f"<html><title>{title}</title></html>", status_code=status, media_type="text/html")


def as_json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), media_type="application/json")


async def _cut(transport: asyncio.Transport, receive: Receive, *, reset: bool) -> None:
    if reset:  # closing without lingering is what makes the system send RST
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
