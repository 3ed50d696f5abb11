"""Reads a JSON text and keeps the exact text of each event, so that the book can hold what was really sent.

Parsing and writing again would lose the sender's spelling (key order, ``10.0`` or ``10.00``), and with it the
proof that a repeat was byte-identical.
"""

import json
import re
from typing import Any, NamedTuple, NoReturn

_SPACE = re.compile(r"[ \t\n\r]*")


class Item(NamedTuple):
    """One element of an array: its value and its text as received."""

    value: Any
    text: str


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def read_value(text: str) -> Any:
    """The value of a whole JSON text; ValueError when it is not JSON (NaN and Infinity are not)."""
    value, at = _value(text, _skip(text, 0))
    _end(text, at)
    return value


def read_items(text: str) -> list[Item]:
    """The elements of a text that is one JSON array; ValueError when it is not."""
    items, at = _array(text, _skip(text, 0))
    _end(text, at)
    return items


def read_object(text: str, array: str) -> tuple[dict[str, Any], list[Item] | None]:
    """The members of a text that is one JSON object; the member named ``array``, when it is one, as items."""
    members: dict[str, Any] = {}
    items: list[Item] | None = None
    at = _expect(text, _skip(text, 0), "{")
    if text.startswith("}", at):
        _end(text, at + 1)
        return members, items
    while True:
        key, at = _value(text, at)
        if not isinstance(key, str):
            raise ValueError("a key is not text")
        at = _expect(text, _skip(text, at), ":")
        if key == array and text.startswith("[", at):
            items, at = _array(text, at)
        else:
            members[key], at = _value(text, at)
        at = _skip(text, at)
        if text.startswith("}", at):
            _end(text, at + 1)
            return members, items
        at = _expect(text, at, ",")


def _array(text: str, at: int) -> tuple[list[Item], int]:
    items: list[Item] = []
    at = _expect(text, at, "[")
    if text.startswith("]", at):
        return items, at + 1
    while True:
        value, end = _value(text, at)
        items.append(Item(value, text[at:end]))
        at = _skip(text, end)
        if text.startswith("]", at):
            return items, at + 1
        at = _expect(text, at, ",")


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, character: str) -> int:
    if not text.startswith(character, at):
        raise ValueError(f"{character} expected")
    return _skip(text, at + 1)


def _end(text: str, at: int) -> None:
    if _skip(text, at) != len(text):
        raise ValueError("text after the end")
