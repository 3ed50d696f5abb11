"""One call of the Graph API, from bytes to answer: path, version, token, dataset, envelope, events, book.

Knows nothing of sockets. The order of the checks is the platform's: who may not call learns nothing about the payload.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from waybill.emulator import answers, envelope
from waybill.emulator.answers import Refused
from waybill.emulator.book import BookedEvent, BookedRequest, BookWriter
from waybill.emulator.counting import offline_key
from waybill.emulator.faults import Fault
from waybill.emulator.jsontext import Item
from waybill.emulator.plan import Plan
from waybill.emulator.validation import check_events

# Graph API changelog, "Versions": when a version stops working; None while no date is set. Older ones are dead.
VERSIONS: Final[Mapping[str, date | None]] = {
    "v26.0": None,
    "v25.0": date(2028, 7, 29),
    "v24.0": date(2028, 2, 18),
    "v23.0": date(2027, 10, 8),
    "v22.0": date(2027, 5, 20),
    "v21.0": date(2027, 1, 21),
    "v20.0": date(2026, 9, 24),
}
_PATH: Final = re.compile(r"/v([0-9]{1,3})\.0/([0-9]{1,30})/events/?")
_PATH_KEPT: Final = 120


@dataclass(frozen=True)
class Call:
    """What a sender sent: the parts of an HTTP request that the Graph API looks at."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    authorization: str = ""
    content_type: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """The platform's answer, and the fault that shall spoil it on its way."""

    status: int
    body: Mapping[str, Any]
    fault: Fault | None = None


class Graph:
    """The platform: its datasets with their tokens, its clock, its book and the faults to come."""

    def __init__(self, datasets: Mapping[str, str], now: Callable[[], datetime], book: BookWriter, plan: Plan) -> None:
        self.datasets = dict(datasets)
        self.book = book
        self.plan = plan
        self._now = now

    def answer(self, call: Call) -> Answer:
        """Judges a call, books it (and its events when all of them are good), and says what is answered."""
        now = self._now()
        trace_id = answers.new_trace_id()
        body = envelope.read_body(call.content_type, call.body)
        token, token_place = envelope.find_token(call.authorization, body, call.query)
        booked = BookedRequest(
            received_at=_to_text(now),
            method=call.method,
            path=call.path[:_PATH_KEPT],
            bytes=len(call.body),
            encoding=body.encoding if call.body else "",
            token_place=token_place,
            token_in_url="access_token" in call.query,
            trace_id=trace_id,
        )
        try:
            dataset = self._admit(call, token, now)
            booked = replace(booked, dataset=dataset)
            options = {name: envelope.option(body, name) for name in ("test_event_code", "partner_agent")}
            _check_partner_agent(options["partner_agent"])
            booked = replace(booked, **options)  # type: ignore[arg-type]
            items = envelope.read_events(body)
            booked = replace(booked, events=len(items))
            warnings = check_events((item.value for item in items), now)
        except Refused as refused:
            error = refused.error
            self.book.add(
                replace(booked, status=error.status, code=error.code, subcode=error.subcode, rule=refused.rule)
            )
            return Answer(error.status, error.body(trace_id))
        booked = replace(booked, status=200, accepted=len(items), warnings=warnings)
        fault = self.plan.next()
        if fault is not None:
            return self._strike(fault, booked, items, token)
        self.book.add(booked, _book_events(items, dataset, booked.received_at))
        return Answer(200, answers.accepted(len(items), trace_id))

    def _strike(self, fault: Fault, booked: BookedRequest, items: list[Item], token: str) -> Answer:
        """Books a good request as its fault lets it end: accepted or not, whatever the sender is told."""
        error = fault.error
        booked = replace(booked, status=fault.status, fault=fault.kind.name)
        if error is not None:
            booked = replace(booked, code=error.code, subcode=error.subcode)
        if fault.kind.accepts:
            self.book.add(booked, _book_events(items, booked.dataset or "", booked.received_at))
        else:
            self.book.add(replace(booked, accepted=0, warnings={}))
        if error is not None:
            if fault.kind.quotes:
                error = replace(error, user_message=f"{items[0].text} was sent with {token}: {error.user_message}")
            return Answer(error.status, error.body(booked.trace_id), fault)
        return Answer(200, answers.accepted(len(items), booked.trace_id), fault)

    def _admit(self, call: Call, token: str, now: datetime) -> str:
        """The dataset that this call may write events to; refused when path, version, token or dataset are wrong."""
        match = _PATH.fullmatch(call.path)
        if match is None:
            raise Refused("path", answers.UNKNOWN_PATH)
        _check_version(int(match[1]), now)
        if not token or not any([_is_same(token, known) for known in self.datasets.values()]):
            raise Refused("token", answers.BAD_TOKEN)
        if call.method != "POST":
            raise Refused("method", answers.unsupported(call.method))
        dataset = match[2]
        if not _is_same(token, self.datasets.get(dataset, "")):
            raise Refused("dataset", answers.unsupported(call.method))
        return dataset


def _is_same(token: str, known: str) -> bool:
    return hmac.compare_digest(token.encode(errors="surrogatepass"), known.encode())


def _check_version(major: int, now: datetime) -> None:
    version = f"v{major}.0"
    if version not in VERSIONS:
        is_old = major < min(int(known[1:-2]) for known in VERSIONS)
        raise Refused("version", answers.DEAD_VERSION if is_old else answers.UNKNOWN_PATH)
    end = VERSIONS[version]
    if end is not None and now.date() >= end:
        raise Refused("version", answers.DEAD_VERSION)


def _check_partner_agent(agent: str | None) -> None:
    """A platform's label: shorter than 23 characters, with at least two letters."""
    if agent is not None and (len(agent) >= 23 or sum(map(str.isalpha, agent)) < 2):
        raise Refused("partner_agent", answers.bad_parameter("param partner_agent is not valid."))


def _book_events(items: list[Item], dataset: str, received_at: str) -> list[BookedEvent]:
    return [
        BookedEvent(
            request_id=0,
            position=position,
            dataset=dataset,
            event_name=event["event_name"],
            event_id=event.get("event_id"),
            event_time=event["event_time"],
            action_source=event["action_source"],
            received_at=received_at,
            payload=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            offline_key=offline_key(event),
        )
        for position, (event, text) in enumerate(items)
    ]


def _to_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
