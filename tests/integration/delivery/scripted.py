"""A server that answers a request as a test scripts it, and keeps what it was sent, byte for byte."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = json.loads(self.body)["data"]
        return data


@dataclass(frozen=True)
class Reply:
    """An answer; ``hold`` keeps it back until the event is set, ``cut`` promises more bytes than it sends,
    ``trickle`` goes on for ever, a byte at a time; ``endless`` is sent in its place: once its first part, then its
    second for ever."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    cut: bool = False
    trickle: bool = False
    endless: tuple[bytes, bytes] | None = None


def accepted(call: Call) -> Reply:
    return Reply(
        body=json.dumps({"events_received": len(call.events), "messages": [], "fbtrace_id": "Atrace"}).encode()
    )


def error(code: int, subcode: int | None = None, status: int = 400, **more: Any) -> Reply:
    content = {"message": "person7@example.com", "type": "OAuthException", "code": code, "fbtrace_id": "Atrace", **more}
    if subcode is not None:
        content["error_subcode"] = subcode
    return Reply(status=status, body=json.dumps({"error": content}).encode())


@dataclass
class Scripted:
    """The running server; ``script`` turns each call into its reply and may be replaced while it runs."""

    url: str
    script: Callable[[Call], Reply] = accepted
    calls: list[Call] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def answer(self, call: Call) -> Reply:
        self.calls.append(call)
        self.arrived.set()
        return self.script(call)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # callers that give up are what some tests want
            super().handle_error(request, client_address)


@contextmanager
def scripted() -> Iterator[Scripted]:
    """Listens on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = server_state.answer(Call(self.path, dict(self.headers.items()), body))
            if reply.hold is not None:
                reply.hold.wait(60)
            try:
                self.wfile.write(reply.endless[0] if reply.endless else b"")
                while reply.endless:
                    self.wfile.write(reply.endless[1])
                    time.sleep(0.01)
                self.send_response_only(reply.status)
                self.send_header("Date", reply.headers.get("Date", self.date_time_string()))
                for name, value in reply.headers.items():
                    if name != "Date":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body) + (10**9 if reply.cut or reply.trickle else 0)))
                self.end_headers()
                self.wfile.write(reply.body)
                while reply.trickle:
                    self.wfile.write(b" ")
                    time.sleep(0.01)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the caller gave up, as the test wants
            self.close_connection = self.close_connection or reply.cut

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    server_state = Scripted(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server_state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


UNBELIEVABLE = {
    "too few events received": Reply(body=b'{"events_received": 2, "messages": [], "fbtrace_id": "A"}'),
    "events received in words": Reply(body=b'{"events_received": "3"}'),
    "a page": Reply(body=b"<html>please sign in</html>", headers={"Content-Type": "text/html"}),
    "half an answer": Reply(body=b'{"events_rec', cut=True),
    "a whole object and then a cut": Reply(body=b'{"events_received": 3}', cut=True),
    "nothing": Reply(),
    "an error inside a success": Reply(body=b'{"events_received": 3, "error": {"code": 1, "message": "no"}}'),
    "a redirect": Reply(status=302, headers={"Location": "/elsewhere"}),
    "a gateway's page": Reply(status=504, body=b"<html>timeout</html>"),
}
"""Answers after which nobody knows whether three events were taken."""
