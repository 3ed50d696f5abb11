"""Small helpers about text that several rules need."""

from typing import Any


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set: how the platform's tables of names are written here."""
    return frozenset(text.split())


def is_text(value: Any) -> bool:
    """Whether a value is text that is not blank and can be written as UTF-8 (a lone surrogate cannot)."""
    if not isinstance(value, str) or not value.strip():
        return False
    return value.isascii() or value.encode(errors="replace").decode() == value
