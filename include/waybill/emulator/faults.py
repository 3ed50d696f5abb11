"""Scripted faults: what goes wrong between the platform and the sender, when, and how often.

A kind of fault is one row of ``KINDS``: a function that spoils the answer of a request whose events were accepted
and booked. A request that is refused meets no fault, and does not use one up.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Dropped(Response):
    """Closes the connection without a byte of an answer.

    A server must answer a request that its application leaves unanswered (uvicorn: 500), so the transport, which
    ``server.Protocol`` hands over, is closed first; returning only after the loss was noticed keeps uvicorn silent.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport: asyncio.Transport = scope["state"]["transport"]
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


@dataclass(frozen=True)
class Kind:
    """A kind of fault: its name, what it does in a sentence, and how it spoils an answer."""

    name: str
    does: str
    spoil: Callable[[Response], Response]
    loses_answer: bool


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind(
            name="accept_then_drop",
            does="The events are accepted and booked, then the connection is closed without an answer.",
            spoil=lambda answer: Dropped(),
            loses_answer=True,
        ),
    )
}


@dataclass
class Planned:
    """A planned fault: let ``skip`` accepted requests pass, then strike ``times`` times (None: until cleared)."""

    fault: str
    times: int | None = 1
    skip: int = 0

    @property
    def is_over(self) -> bool:
        return self.times == 0


class Plan:
    """The faults to come, in the order planned; the first one that is due strikes."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []

    def add(self, fault: str, times: int | None = 1, from_request: int = 1) -> None:
        """Plans a fault for ``times`` accepted requests, beginning with the ``from_request``-th from now (1-based)."""
        if fault not in KINDS:
            raise ValueError(f"There is no fault {fault!r}; there are: {', '.join(KINDS)}.")
        for name, value in (("times", 1 if times is None else times), ("from_request", from_request)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} is a whole number of at least 1, not {value!r}.")
        self._planned.append(Planned(fault, times, from_request - 1))

    def next(self) -> Kind | None:
        """The fault that strikes this accepted request, or None; counts the request."""
        struck: Planned | None = None
        for planned in self._planned:
            if planned.skip > 0:
                planned.skip -= 1
            elif struck is None:
                struck = planned
        if struck is None:
            return None
        if struck.times is not None:
            struck.times -= 1
        self._planned = [planned for planned in self._planned if not planned.is_over]
        return KINDS[struck.fault]

    def clear(self) -> None:
        """Forgets every planned fault."""
        self._planned.clear()

    def describe(self) -> list[dict[str, Any]]:
        """What is still planned, JSON-able."""
        return [asdict(planned) for planned in self._planned]
