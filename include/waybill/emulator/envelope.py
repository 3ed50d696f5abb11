"""Reads the envelope of a request: encoding, token, options and the events, before any rule about events.

Encodings as at Meta: a JSON body; urlencoded or multipart fields where ``data`` is JSON text, either of an array of
objects or, as the official Python SDK sends it, of an array of JSON texts.
"""

import email.parser
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from waybill.emulator.answers import INVALID, Refused, bad_parameter
from waybill.emulator.jsontext import Item, read_items, read_object, read_value
from waybill.emulator.words import is_text

MOST_EVENTS: Final = 1000
_MOST_FIELDS: Final = 100


@dataclass(frozen=True)
class Body:
    """A request body taken apart: its encoding, its fields, and the items of ``data`` when JSON held them."""

    encoding: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    items: list[Item] | None = None
    is_readable: bool = True


def read_body(content_type: str, body: bytes) -> Body:
    """Takes a body apart by its content type; what cannot be read gives a body without fields."""
    kind = content_type.partition(";")[0].strip().lower()
    encoding = {"application/json": "json", "multipart/form-data": "multipart"}.get(kind, "urlencoded")
    try:
        if encoding == "json":
            members, items = read_object(body.decode(), array="data")
            return Body(encoding, members, items)
        if encoding == "multipart":
            return Body(encoding, _multipart(content_type, body))
        return Body(encoding, dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS, errors="strict")))
    except ValueError:
        return Body(encoding, is_readable=False)


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields: dict[str, str] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name] = content.decode()
    return fields


def find_token(authorization: str, body: Body, query: Mapping[str, str]) -> tuple[str, str]:
    """The token and where it was (``header``, ``body``, ``query`` or ``none``); the header wins, the URL is last."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip(), "header"
    for place, fields in (("body", body.fields), ("query", query)):
        value = fields.get("access_token")
        if isinstance(value, str) and value:
            return value, place
    return "", "none"


def option(body: Body, name: str) -> str | None:
    """A textual option beside ``data``, or None."""
    value = body.fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not is_text(value):
        raise Refused(f"{name}_type", bad_parameter(f"param {name} must be a string."))
    return value


def read_events(body: Body) -> list[Item]:
    """The 1 to 1000 events of a request, each an object with its text; refused otherwise."""
    items = _items(body)
    if not items:
        raise Refused("data_empty", bad_parameter("param data must be non-empty."))
    if len(items) > MOST_EVENTS:
        raise Refused("data_too_long", bad_parameter(f"param data must have at most {MOST_EVENTS} elements."))
    return [_event(item) for item in items]


def _items(body: Body) -> list[Item]:
    if not body.is_readable:
        raise Refused("body_unreadable", bad_parameter("the request body cannot be parsed."))
    if body.items is not None:
        return body.items
    data = body.fields.get("data")
    if data is None:
        raise Refused("data_missing", bad_parameter("The parameter data is required"))
    try:
        if not isinstance(data, str):
            raise ValueError("data is not an array")
        return read_items(data)
    except ValueError:
        raise Refused("data_not_array", bad_parameter("param data must be an array.")) from None


def _event(item: Item) -> Item:
    if isinstance(item.value, str) and is_text(item.value):
        try:
            item = Item(read_value(item.value), item.value)
        except ValueError:
            raise Refused("event_not_object", INVALID) from None
    if not isinstance(item.value, dict):
        raise Refused("event_not_object", INVALID)
    return item
