"""The emulator's own endpoints under ``/_emulator/``, for people and tests; the platform has nothing like them."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from waybill.emulator.book import Book, BookedEvent
from waybill.emulator.faults import KINDS
from waybill.emulator.graph import Graph
from waybill.emulator.plan import USUAL, Plan

_DEFAULT_LIMIT = 1000


class Control:
    """Answers questions about the book and takes plans; works on the running platform."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._book = Book(graph.book.path)

    def app(self) -> Starlette:
        """The ASGI application of these endpoints; wrong use is answered with 400 and what is wrong."""
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/summary", self.summary),
                Route("/requests", self.requests),
                Route("/events", self.events),
                Route("/counted", self.counted),
                Route("/reset", self.reset, methods=["POST"]),
                Route("/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            ],
            exception_handlers={ValueError: _wrong_use},
        )

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "pid": os.getpid(), "datasets": sorted(self._graph.datasets)})

    async def summary(self, request: Request) -> Response:
        return JSONResponse(self._book.summary())

    async def requests(self, request: Request) -> Response:
        return JSONResponse({"requests": [asdict(row) for row in self._book.requests()]})

    async def events(self, request: Request) -> Response:
        return _list(request, self._book.events())

    async def counted(self, request: Request) -> Response:
        return _list(request, self._book.counted(request.query_params.get("server_duplicates")))

    async def reset(self, request: Request) -> Response:
        self._graph.book.reset()
        self._graph.plan.clear()
        return JSONResponse({"status": "ok"})

    async def faults(self, request: Request) -> Response:
        """GET: what is planned and what can be; POST: a plan, or a seed with chances; DELETE: nothing is planned."""
        plan = self._graph.plan
        if request.method == "DELETE":
            plan.clear()
        elif request.method == "POST":
            wish = json.loads(await request.body())
            _add(plan, wish)
        kinds = {kind.name: kind.does for kind in KINDS.values()}
        return JSONResponse({"planned": plan.describe(), "dice": plan.describe_dice(), "kinds": kinds})


def _add(plan: Plan, wish: Any) -> None:
    if isinstance(wish, dict) and wish.keys() == {"seed", "chances"} and isinstance(wish["chances"], dict):
        plan.roll(wish["seed"], wish["chances"])
        return
    options = wish.get("options", {}) if isinstance(wish, dict) else None
    if not isinstance(options, dict) or wish.keys() - {"fault", "times", "from_request", "options"}:
        raise ValueError(
            "A plan is an object with fault, times, from_request and options, or one with seed and chances."
        )
    plan.add(str(wish.get("fault")), wish.get("times", USUAL), wish.get("from_request", 1), options)


async def _wrong_use(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)


def _list(request: Request, events: Sequence[BookedEvent]) -> Response:
    """``total`` and one page (``limit``, ``offset``) of events, without user_data unless ``user_data=1`` asks."""
    limit = int(request.query_params.get("limit", _DEFAULT_LIMIT))
    offset = int(request.query_params.get("offset", 0))
    if limit < 0 or offset < 0:
        raise ValueError("limit and offset are whole numbers of at least 0.")
    shows_people = request.query_params.get("user_data") == "1"
    page = [_show(event, shows_people) for event in events[offset : offset + limit]]
    return JSONResponse({"total": len(events), "events": page})


def _show(event: BookedEvent, shows_people: bool) -> dict[str, Any]:
    row = event._asdict()
    payload = event.content()
    if not shows_people:
        payload.pop("user_data", None)
    return row | {"payload": payload}
