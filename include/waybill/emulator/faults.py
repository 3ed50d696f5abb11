"""The kinds of fault: what can go wrong between the platform and the sender.

A kind of fault is one row of ``KINDS``. It strikes a request that the platform would accept: either before its events
are accepted (``accepts`` is false: they are in no book) or afterwards. A request that is refused meets no fault, and
does not use one up. ``plan`` says when they strike.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.responses import Response

from waybill.emulator import answers, spoiling
from waybill.emulator.answers import BAD_TOKEN, GraphError

Options = Mapping[str, float]

THROTTLES: Final = frozenset({4, 17, 32, 341, 613, 80000, 80003, 80004, 80014})
"""The codes with which the Graph API says that there were too many calls."""

SERVER_ERROR: Final = GraphError(
    500, 2, None, "An unexpected error has occurred. Please retry your request later.", is_transient=True
)
NOT_READY: Final = GraphError(400, 21009, None, "(#21009) The dataset is not ready to receive events yet.")
REVOKED: Final = replace(BAD_TOKEN, subcode=460, message="Error validating access token: it has been invalidated.")


def _untouched(answer: Response, options: Options) -> Response:
    return answer


def _with_usage(answer: Response, options: Options) -> Response:
    """Meta's own estimate of when calls are taken again, in minutes, per business and kind of call."""
    if options["minutes"]:
        usage = {"type": "ads_management", "call_count": 100, "total_cputime": 25, "total_time": 25}
        usage["estimated_time_to_regain_access"] = int(options["minutes"])
        answer.headers["X-Business-Use-Case-Usage"] = json.dumps({"100000000000001": [usage]})
    return answer


@dataclass(frozen=True)
class Kind:
    """A kind of fault. ``options`` are the numbers that a plan may set, with what they are otherwise; ``times`` is how
    often it strikes unless a plan says otherwise (None: until cleared); ``quotes``: its words repeat what was sent."""

    name: str
    does: str
    accepts: bool
    error: Callable[[Options], GraphError] | None = None
    spoil: Callable[[Response, Options], Response] = _untouched
    status: int | None = None
    options: Options = field(default_factory=dict)
    times: int | None = 1
    quotes: bool = False


@dataclass(frozen=True)
class Fault:
    """A kind that strikes one request."""

    kind: Kind
    options: Options

    @property
    def error(self) -> GraphError | None:
        """What is answered instead of a success, in the platform's own words."""
        return self.kind.error(self.options) if self.kind.error else None

    @property
    def status(self) -> int | None:
        """The status that the sender reads; None when it reads no whole answer."""
        return self.error.status if self.error else self.kind.status

    def spoil(self, answer: Response) -> Response:
        return self.kind.spoil(answer, self.options)


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind(
            name="slow",
            does="The events are accepted, and the answer comes after `seconds`.",
            accepts=True,
            spoil=lambda answer, options: spoiling.Late(answer, options["seconds"]),
            status=200,
            options={"seconds": 1.0},
        ),
        Kind(
            name="throttled",
            does="429 with `code` (4), and the header that says when to come back (`minutes`; 0: no header).",
            accepts=False,
            error=lambda options: GraphError(429, int(options["code"]), None, "Application request limit reached"),
            spoil=_with_usage,
            options={"code": 4, "minutes": 5},
        ),
        Kind(
            name="server_error",
            does="500 with code 2, before anything is accepted.",
            accepts=False,
            error=lambda options: SERVER_ERROR,
        ),
        Kind(
            name="accept_then_server_error",
            does="The events are accepted, then 500 with code 2.",
            accepts=True,
            error=lambda options: SERVER_ERROR,
        ),
        Kind(
            name="bad_gateway",
            does="502 with a page of a gateway, before anything is accepted.",
            accepts=False,
            spoil=lambda answer, options: spoiling.page(502, "Bad Gateway"),
            status=502,
        ),
        Kind(
            name="accept_then_bad_gateway",
            does="The events are accepted, then 502 with a page of a gateway.",
            accepts=True,
            spoil=lambda answer, options: spoiling.page(502, "Bad Gateway"),
            status=502,
        ),
        Kind(
            name="drop",
            does="The connection is closed without an answer, before anything is accepted.",
            accepts=False,
            spoil=lambda answer, options: spoiling.Dropped(),
        ),
        Kind(
            name="accept_then_drop",
            does="The events are accepted and booked, then the connection is closed without an answer.",
            accepts=True,
            spoil=lambda answer, options: spoiling.Dropped(),
        ),
        Kind(
            name="accept_then_reset",
            does="The events are accepted, then the connection is reset (RST).",
            accepts=True,
            spoil=lambda answer, options: spoiling.Dropped(reset=True),
        ),
        Kind(
            name="accept_then_cut",
            does="The events are accepted, then the connection ends in the middle of the answer.",
            accepts=True,
            spoil=lambda answer, options: spoiling.Cut(answer),
        ),
        Kind(
            name="accept_then_too_few",
            does="All events are accepted, and `events_received` is one too low.",
            accepts=True,
            spoil=lambda answer, options: spoiling.one_too_few(answer),
            status=200,
        ),
        Kind(
            name="page",
            does="200 with an HTML page, and nothing is accepted.",
            accepts=False,
            spoil=lambda answer, options: spoiling.page(200, "Please sign in"),
            status=200,
        ),
        Kind(
            name="accept_then_page",
            does="The events are accepted, then 200 with an HTML page.",
            accepts=True,
            spoil=lambda answer, options: spoiling.page(200, "Welcome"),
            status=200,
        ),
        Kind(
            name="accept_then_error_inside",
            does="The events are accepted, then 200 with an error inside.",
            accepts=True,
            spoil=lambda answer, options: spoiling.with_error_inside(answer),
            status=200,
        ),
        Kind(
            name="token_revoked",
            does="From this request on the token is refused: 401 with code 190, subcode 460.",
            accepts=False,
            error=lambda options: REVOKED,
            times=None,
        ),
        Kind(
            name="not_ready",
            does="400 with code 21009: the dataset is not ready yet.",
            accepts=False,
            error=lambda options: NOT_READY,
        ),
        Kind(
            name="quoting",
            does="400 with code 100, subcode 2804019, for now only, in words that quote the first event and the token.",
            accepts=False,
            error=lambda options: replace(answers.INVALID, is_transient=True),
            quotes=True,
        ),
    )
}
