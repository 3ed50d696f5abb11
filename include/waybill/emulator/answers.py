"""What the Graph API answers: Meta's error shape, and the errors that this emulator can give.

An error is about the whole request: it never says which event, field value or position was at fault.
"""

import secrets
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class GraphError:
    """One error of the platform: the HTTP status and everything in the body except the trace id."""

    status: int
    code: int
    subcode: int | None
    message: str
    title: str = ""
    user_message: str = ""
    type: str = "OAuthException"
    is_transient: bool = False

    def body(self, trace_id: str) -> dict[str, Any]:
        """The JSON body; keys that Meta leaves out are absent."""
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.title or self.is_transient:
            error["is_transient"] = self.is_transient
        if self.title:
            error["error_user_title"] = self.title
            error["error_user_msg"] = self.user_message
        error["fbtrace_id"] = trace_id
        return {"error": error}


class Refused(Exception):
    """Ends the reading of a request: ``error`` is answered, ``rule`` (which rule it was) stays in the book."""

    def __init__(self, rule: str, error: GraphError) -> None:
        super().__init__(rule)
        self.rule = rule
        self.error = error


def accepted(events: int, trace_id: str) -> dict[str, Any]:
    """The body of a 200: syntactically accepted, which is not matched, kept or counted."""
    return {"events_received": events, "messages": [], "fbtrace_id": trace_id}


def new_trace_id() -> str:
    """A trace id of the shape Meta uses: ``A`` and 22 URL-safe characters."""
    return "A" + secrets.token_urlsafe(17)[:22]


def _payload(subcode: int, title: str, user_message: str) -> GraphError:
    return GraphError(400, 100, subcode, "Invalid parameter", title, user_message)


INVALID: Final = _payload(
    2804019,
    "Missing or Invalid Event Parameter",
    "An event lacks a required parameter, or a parameter has a value that is not allowed.",
)
TOO_OLD: Final = _payload(
    2804003,
    "Event Timestamp Too Old",
    "The event time must be within 7 days (62 days for physical_store) of when the event is sent.",
)
NO_VALUE: Final = _payload(
    2804009,
    "Missing Value for Purchase Event",
    "A Purchase event needs a value that is a number of zero or more.",
)
NO_CURRENCY: Final = _payload(
    2804010,
    "Missing Currency for Purchase Event",
    "A Purchase event needs a currency that is an ISO 4217 code.",
)
TOO_FEW_IDENTIFIERS: Final = _payload(
    2804050,
    "Insufficient Customer Information",
    "An event has no customer information, or a combination that is too broad to be matched.",
)
BAD_LEAD_ID: Final = _payload(
    2804036, "Invalid Lead ID", "A lead_id is not the id of a lead: it must have 15 to 17 digits."
)
BAD_EXTINFO: Final = _payload(
    2804043,
    "Invalid Extended Device Information",
    "The extinfo of an app event needs its 16 values, with a platform and an OS version.",
)
NO_CHANNEL: Final = _payload(
    2804063, "Missing Messaging Channel", "A business_messaging event needs a messaging_channel."
)
NOT_WITH_MESSAGING: Final = _payload(
    2804064,
    "Parameter Not Allowed for Business Messaging",
    "A business_messaging event must not carry web parameters such as fbc, fbp, an IP address or a URL.",
)
NAME_NOT_FOR_MESSAGING: Final = _payload(
    2804066, "Event Name Not Allowed", "This event name is not supported for business_messaging events."
)
NO_PAGE: Final = _payload(
    2804116, "Missing Page ID", "A business_messaging event needs the id of its page or business account."
)

BAD_TOKEN: Final = GraphError(401, 190, None, "Invalid OAuth access token - Cannot parse access token")
DEAD_VERSION: Final = GraphError(
    400,
    2635,
    None,
    "(#2635) You are calling a deprecated version of the Ads API. Please update to a current version.",
)
UNKNOWN_PATH: Final = GraphError(400, 2500, None, "Unknown path components")


def unsupported(method: str) -> GraphError:
    """The node does not exist for this token, or its edge does not take this method (code 100, subcode 33)."""
    message = (
        f"Unsupported {method.lower()} request. Object does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation."
    )
    return GraphError(400, 100, 33, message, type="GraphMethodException")


def bad_parameter(message: str) -> GraphError:
    """The envelope, not an event, is wrong (code 100 without a subcode)."""
    return GraphError(400, 100, None, f"(#100) {message}")
