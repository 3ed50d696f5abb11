"""What an answer of the Conversions API means: a table of (code, subcode), and how a body is read.

Branches are on code and subcode alone. Texts are localised, ``type`` is OAuthException for nearly everything, and the
HTTP status differs by source (developers.facebook.com/docs/graph-api/guides/error-handling and
/docs/marketing-api/error-reference).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Final

from waybill.clock import Clock
from waybill.destinations.base import Accepted, Outcome, Receipt, Refused, Retry, Stop, Unknown


class Disposition(Enum):
    """What to do after an error of the platform."""

    RETRY = "retry"
    THROTTLED = "throttled"
    BLOCKED = "blocked"
    REFUSED = "refused"
    DOUBTFUL = "doubtful"
    STOP_TOKEN = "stop_token"  # noqa: S105 (not a secret)
    STOP_PERMISSION = "stop_permission"
    STOP_VERSION = "stop_version"


_D = Disposition

DISPOSITIONS: Final[Mapping[tuple[int, int | None], Disposition]] = {
    # Service trouble.
    (1, None): _D.RETRY,
    (2, None): _D.RETRY,
    (5000, None): _D.RETRY,
    (21009, None): _D.RETRY,  # the dataset is not ready yet
    # Too many calls.
    **{(code, None): _D.THROTTLED for code in (4, 17, 32, 341, 613, 80000, 80003, 80004, 80014)},
    (368, None): _D.BLOCKED,  # blocked for a while, for policy reasons
    # The token.
    (190, None): _D.STOP_TOKEN,
    (102, None): _D.STOP_TOKEN,
    (104, None): _D.STOP_TOKEN,
    # The permission, or the dataset itself.
    (3, None): _D.STOP_PERMISSION,
    (10, None): _D.STOP_PERMISSION,
    **{(code, None): _D.STOP_PERMISSION for code in range(200, 300)},
    (100, 33): _D.STOP_PERMISSION,
    # The address.
    (2500, None): _D.STOP_VERSION,
    (2635, None): _D.STOP_VERSION,
    # An event is at fault, and which one is not said.
    **{
        (100, subcode): _D.REFUSED
        for subcode in (
            *(1815356, 2804001, 2804003, 2804007, 2804008, 2804009, 2804010, 2804014, 2804016, 2804017, 2804019),
            *(2804030, 2804036, 2804043, 2804048, 2804050, 2804063, 2804064, 2804066, 2804072, 2804081, 2804087),
            *(2804116, 2804117, 2804118, 2804131, 2804132),
        )
    },
    # "Invalid parameter" and "Missing Permission" share code 100, and only their texts tell them apart.
    (100, None): _D.DOUBTFUL,
}
"""(code, subcode) → what to do; a subcode of None stands for any that has no row of its own."""

BLOCKED_SECONDS: Final = 3600.0

TOO_MANY: Final = 429
"""HTTP's status for too many requests."""

TOO_LARGE: Final = 413
"""HTTP's status for a request that is too big: nothing of it was taken."""

LONGEST_SECONDS: Final = 7 * 24 * 3600.0
"""A longer wait is cut to this one: as long as the platform takes an event after it happened."""

_ADVICE: Final = {
    _D.STOP_TOKEN: (
        "make a new access token in Events Manager (Settings, Conversions API) and set it as "
        "WAYBILL_META_ACCESS_TOKEN, or in the connection waybill_meta"
    ),
    _D.STOP_PERMISSION: (
        "check that WAYBILL_META_DATASET_ID names the right dataset and that the token's user may send events to it "
        "(Events Manager, Settings)"
    ),
    _D.STOP_VERSION: "set api_version under [destinations.meta] in waybill.toml to a version that Meta still serves",
}

_TRACE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it came: status, body, the two headers that say when to come back, and when it was made."""

    status: int
    body: bytes
    retry_after: str | None = None
    usage: str | None = None
    date: str | None = None


def disposition(code: int, subcode: int | None) -> Disposition | None:
    """What the table says, or None for a code that it does not hold."""
    return DISPOSITIONS.get((code, subcode), DISPOSITIONS.get((code, None)))


def read(answer: Answer, events: int, sent: Receipt) -> Outcome:
    """What an answer to a request with ``events`` events means; ``sent`` is what is known of the request itself.

    Only a 200 whose ``events_received`` is the number sent is a success. An answer that cannot be read does not say
    whether the events were taken, so it is unknown, except for a 4xx, with which HTTP itself says that they were not.
    What may pass and comes with a 5xx is unknown too, unless it is a throttle. With a 413 (often of a proxy) the
    request is too big, and its parts may not be. Whatever may be tried again waits as long as the answer asks.
    """
    outcome = _read(answer, events, replace(sent, http_status=answer.status))
    asked = _seconds(answer)
    if isinstance(outcome, Retry | Unknown) and asked is not None:
        return replace(outcome, after_seconds=max(asked, outcome.after_seconds or 0.0))
    return outcome


def _read(answer: Answer, events: int, receipt: Receipt) -> Outcome:
    body = _json_object(answer.body)
    if 200 <= answer.status < 300:
        return _read_success(body, events, receipt)
    error = body.get("error") if body is not None else None
    code = _integer(error.get("code")) if isinstance(error, dict) else None
    if isinstance(error, dict) and code is not None:
        return _read_error(code, error, answer.status, receipt)
    reason = f"HTTP {answer.status} without a readable error"
    if answer.status == TOO_LARGE:
        return Refused(reason, receipt, doubtful=True)
    if 400 <= answer.status < 500:
        return Retry(reason, receipt, unclassified=True, throttled=answer.status == TOO_MANY)
    return Unknown(reason, receipt, unclassified=True)


def _read_success(body: dict[str, Any] | None, events: int, receipt: Receipt) -> Outcome:
    if body is None:
        return Unknown(f"HTTP {receipt.http_status} whose body is not a JSON object", receipt)
    received = _integer(body.get("events_received"))
    receipt = replace(receipt, events_received=received, trace_id=_trace_id(body))
    if "error" in body:
        error = body["error"] if isinstance(body["error"], dict) else {}
        receipt = replace(
            receipt,
            code=_integer(error.get("code")),
            subcode=_integer(error.get("error_subcode")),
            trace_id=receipt.trace_id or _trace_id(error),
        )
        return Unknown(f"HTTP {receipt.http_status} with an error inside", receipt)
    if receipt.http_status != 200 or received is None:
        return Unknown(f"HTTP {receipt.http_status} without events_received", receipt)
    if received != events:
        return Unknown(f"events_received is {received} of {events}", receipt)
    messages = body.get("messages")
    return Accepted(receipt, reason=f"{len(messages)} messages" if isinstance(messages, list) and messages else "")


def _read_error(code: int, error: dict[str, Any], status: int, receipt: Receipt) -> Outcome:
    subcode = _integer(error.get("error_subcode"))
    receipt = replace(receipt, code=code, subcode=subcode, trace_id=_trace_id(error))
    reason = f"code {code}" if subcode is None else f"code {code} subcode {subcode}"
    found = disposition(code, subcode)
    if found in _ADVICE:
        return Stop(reason, receipt, advice=_ADVICE[found])
    if found in (_D.REFUSED, _D.DOUBTFUL) and error.get("is_transient") is not True:
        return Refused(reason, receipt, doubtful=found is _D.DOUBTFUL)
    if found in (_D.THROTTLED, _D.BLOCKED):
        return Retry(reason, receipt, BLOCKED_SECONDS if found is _D.BLOCKED else None, throttled=True)
    if status == TOO_LARGE:
        return Refused(f"HTTP {status} with {reason}", receipt, doubtful=True)
    if status >= 500:
        # "Something went wrong, try again" from a server that may have taken the events before it did.
        return Unknown(reason, receipt, unclassified=found is None)
    return Retry(reason, receipt, unclassified=found is None)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _integer(value: object) -> int | None:
    return value if type(value) is int and abs(value) < 2**53 else None


def _trace_id(holder: dict[str, Any]) -> str | None:
    value = holder.get("fbtrace_id")
    return value if isinstance(value, str) and _TRACE_ID.fullmatch(value) else None


def _seconds(answer: Answer) -> float | None:
    """How long to stay away: ``Retry-After``, or Meta's own estimate, whichever is longer; None when neither says."""
    waits = [*_retry_after(answer), *_estimates(answer)]
    return max((min(wait, LONGEST_SECONDS) for wait in waits if wait > 0), default=None)


def _retry_after(answer: Answer) -> Iterator[float]:
    """``Retry-After``: seconds, or a moment, which is compared with the answer's own clock (RFC 9110, 10.2.3)."""
    text = answer.retry_after or ""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        yield float(text)
    elif (until := _moment(text)) is not None:
        yield (until - (_moment(answer.date or "") or Clock().now())).total_seconds()


def _estimates(answer: Answer) -> Iterator[float]:
    """``estimated_time_to_regain_access`` is in minutes."""
    usage = _json_object(answer.usage.encode()) if answer.usage else None
    for rows in (usage or {}).values():
        for row in rows if isinstance(rows, list) else []:
            minutes = row.get("estimated_time_to_regain_access") if isinstance(row, dict) else None
            if isinstance(minutes, int | float) and not isinstance(minutes, bool):
                yield min(minutes, LONGEST_SECONDS) * 60.0  # an integer of JSON may be too big for a float


def _moment(text: str) -> datetime | None:
    """The moment of an HTTP date, or None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
