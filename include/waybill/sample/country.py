"""What the shop knows of a country: how its people are called, where they live, how they write numbers and dates."""

import unicodedata
from typing import NamedTuple

Names = tuple[tuple[str, str], ...]
"""Names as they are written, each with its ASCII form for e-mail addresses."""


class City(NamedTuple):
    name: str
    state: str | None
    state_name: str | None
    postal_codes: tuple[str, ...]


class Country(NamedTuple):
    code: str
    share: float
    asks_consent: bool
    currency: str
    per_dollar: float  # rough, for plausible prices; the same in all countries of a currency
    dates: str  # how people write a day, from {d}, {m} and {y}
    spellings: tuple[str, ...]  # the first for most rows
    cities: tuple[City, ...]
    female: Names
    male: Names
    last: Names
    phones: tuple[str, ...]  # {n} stands for three digits, {m} for two


def names(listed: str) -> Names:
    """Names separated by commas, their ASCII form behind a ``=`` where it is more than leaving out the accents."""
    pairs = (name.strip().partition("=") for name in listed.split(","))
    return tuple((written, ascii_form or _without_accents(written)) for written, _, ascii_form in pairs)


def _without_accents(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).lower()
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())
