"""Where Meta's Python SDK and Waybill's SQL make something else of an identifier: every class of input, and why.

A difference belongs to the first class of its field that holds. Nothing here is imported by the product: "ours" is what
the seed of cases expects (which dbt tests hold the macros to) or what the macros answered.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from facebook_business.adobjects.serverside.normalize import Normalize

FIELDS: Final = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id")


class Raised(str):
    """What the SDK's normaliser raised, by name: the request with the event in it is never sent."""


@dataclass(frozen=True)
class Case:
    """One input and what becomes of it before hashing; None is dropped."""

    field: str
    text: str
    country: str
    theirs: str | None
    ours: str | None

    @property
    def raised(self) -> bool:
        return isinstance(self.theirs, Raised)

    @property
    def differs(self) -> bool:
        return self.raised or self.theirs != self.ours


@dataclass(frozen=True)
class Difference:
    """A class of inputs for which the two differ; ``why`` is a sentence of the docs."""

    name: str
    why: str
    holds: Callable[[Case], bool]


def theirs(field: str, text: str) -> str | None:
    """What facebook-business makes of it; an external_id is sent as it came."""
    if field == "external_id":
        return text or None
    try:
        normalized: str | None = Normalize.normalize_field_skip_hashing(field, text)
    except (TypeError, ValueError) as error:
        return Raised(type(error).__name__)
    return normalized


def class_of(case: Case) -> Difference | None:
    """The class that a difference belongs to; None when it is not documented."""
    return next((one for one in (*EVERYWHERE, *BY_FIELD[case.field]) if one.holds(case)), None)


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(one, "")) for one in text)


def _looks_hashed(length: int) -> Callable[[str], bool]:
    return re.compile(rf"\s*[0-9a-fA-F]{{{length}}}\s*").fullmatch  # type: ignore[return-value]


def _is_left_out(case: Case) -> bool:
    return case.ours is None and not case.raised


_is_md5, _is_sha256 = _looks_hashed(32), _looks_hashed(64)
_has_suffix = re.compile(r"\s*[0-9a-fA-F]{64}\.[A-Za-z0-9_-]{2,8}\s*").fullmatch
_says_nothing = re.compile(
    r"[\s\W_]*|0*|n\.?\s*[/.]?\s*a\.?|none|null|nil|nan|undefined|unknown|unbekannt|anonymous|x{2,}|tbd", re.IGNORECASE
).fullmatch

EVERYWHERE: Final[Sequence[Difference]] = (
    Difference(
        "MD5",
        "Meta matches SHA-256 only; the SDK lets an MD5 through.",
        lambda case: bool(_is_md5(case.text)) and _is_left_out(case),
    ),
    Difference(
        "SHA-256 of nothing",
        "It is the hash of an empty text or of `null`, and would tie everybody who has none to one person.",
        lambda case: bool(_is_sha256(case.text)) and _is_left_out(case),
    ),
    Difference(
        "SHA-256 with a parameter builder's suffix",
        "Meta's own builder writes it so; it passes, its suffix byte for byte.",
        lambda case: bool(_has_suffix(case.text)) and case.ours is not None,
    ),
    Difference(
        "placeholder",
        "Somebody wrote that there is nothing to write; a hash of that matches whoever wrote the same.",
        lambda case: case.ours is None and bool(_says_nothing(case.text.strip())) and case.field != "ph",
    ),
)


def _is_blank_or_hidden(character: str) -> bool:
    return unicodedata.category(character)[0] in "ZC"


_NAMES: Final[Sequence[Difference]] = (
    Difference(
        "decomposed letters",
        "`é` is one character or two, by the keyboard it was typed on; one hash needs one spelling (NFC).",
        lambda case: unicodedata.normalize("NFC", str(case.theirs)) == case.ours,
    ),
    Difference(
        "spaces and invisible characters inside",
        "The browser's Pixel and Meta's builder take them out; otherwise server and browser hash one person to two.",
        lambda case: case.ours is not None and _without(str(case.theirs), "ZC") == case.ours,
    ),
    Difference(
        "punctuation and symbols",
        "Meta asks for names without punctuation; the SDK keeps it.",
        lambda case: case.ours is not None and _without(str(case.theirs), "ZCPS") == case.ours,
    ),
)


def _without(text: str, classes: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(one for one in composed if unicodedata.category(one)[0] not in classes)


BY_FIELD: Final[Mapping[str, Sequence[Difference]]] = {
    "em": (
        _NAMES[0],
        Difference(
            "invisible characters around it",
            "Copied from a page or an export; the SDK trims what Python calls white space only.",
            lambda case: case.ours is not None and _without(str(case.theirs), "ZC") == case.ours,
        ),
        Difference(
            "no address, and the SDK raises",
            "One typo of one customer would stop a whole request; the identifier is dropped, the event goes.",
            lambda case: case.raised and case.ours is None,
        ),
        Difference(
            "no address, and the SDK hashes it",
            "A space inside, two `@` or an empty part of the domain: nobody has this address, so nobody is matched.",
            _is_left_out,
        ),
    ),
    "ph": (
        Difference(
            "digits of another script",
            "They are the same digits; the SDK takes them for what it need not touch, and hashes them as they are.",
            lambda case: case.ours is not None and not case.raised and not str(case.theirs).isascii(),
        ),
        Difference(
            "no number",
            "Too short, one digit repeated or no digit at all: the SDK raises, and the request with it.",
            lambda case: case.raised and case.ours is None,
        ),
        Difference(
            "extension",
            "It is dialled after the call is taken and is no part of the number; the SDK raises.",
            lambda case: case.ours is not None and bool(re.search(r"(?i)(x|ext\.?|#)\s*\d+\s*$", case.text)),
        ),
        Difference(
            "separators other than space, hyphen and brackets",
            "Dots, slashes and digits of other scripts are common in written numbers; the SDK raises.",
            lambda case: case.raised,
        ),
        Difference(
            "national number without a known country",
            "Its hash would be that of a number in another country or of none: never a guess.",
            lambda case: _is_left_out(case) and not case.country and not case.text.strip().startswith("+"),
        ),
        Difference(
            "a number that cannot be",
            "No such calling code, or no number of its country by length or range: another person's or nobody's.",
            _is_left_out,
        ),
        Difference(
            "trunk zero after the calling code",
            "`(0)` or `0` is dialled inside the country only.",
            lambda case: len(str(case.theirs)) == len(str(case.ours)) + 1 and "0" in str(case.theirs),
        ),
        Difference(
            "exit code",
            "`011` is how North America writes `+`; the SDK knows `00` only.",
            lambda case: str(case.theirs) == "11" + str(case.ours),
        ),
        Difference(
            "national number",
            "Meta wants the calling code always; it comes from the person's country. What the SDK hashes is "
            "a number without one, often somebody's in another country.",
            lambda case: bool(case.country) and str(case.ours).endswith(str(case.theirs).lstrip("0")[-6:]),
        ),
    ),
    "fn": _NAMES,
    "ln": _NAMES,
    "ge": (
        Difference(
            "words",
            "Meta takes `f` or `m`; words for them are understood (the SDK's own class takes only its two constants).",
            lambda case: case.ours in ("f", "m"),
        ),
        Difference("anything else", "Meta has no third value; the SDK would hash the text.", _is_left_out),
    ),
    "db": (
        Difference(
            "written dates",
            "Meta wants YYYYMMDD; the SDK hashes what was written.",
            lambda case: case.ours is not None,
        ),
        Difference(
            "no date, or no date of birth",
            "Not in the calendar, a year of two digits, words, before 1900 or in the future.",
            _is_left_out,
        ),
    ),
    "ct": (
        Difference(
            "no letters",
            "A postal code in the city's column; the SDK hashes the empty text that is left.",
            _is_left_out,
        ),
        *_NAMES,
        Difference(
            "digits",
            "`Paris 16` is not `Paris`; Meta's page takes out punctuation and spaces, not digits.",
            lambda case: any(map(str.isdigit, str(case.ours))),
        ),
    ),
    "st": (
        Difference(
            "names of US states",
            "Meta wants the two letters of a US state; where the country is another one, the name stays.",
            lambda case: case.country in ("", "us") and len(str(case.ours)) == 2,
        ),
        *_NAMES,
    ),
    "zp": (
        Difference(
            "US ZIP+4 without a hyphen",
            "Meta wants the first five digits; the SDK cuts at a hyphen only.",
            lambda case: case.country == "us" and len(str(case.ours)) == 5,
        ),
        Difference(
            "hyphens outside the US",
            "Meta asks to take the hyphen out; the SDK keeps what is before it, everywhere: Warsaw is then `00`.",
            lambda case: "-" in case.text and case.country != "us" and case.ours is not None,
        ),
    ),
    "country": (
        Difference(
            "names, other codes, aliases",
            "Found in a table of names and codes, never cut or guessed; the SDK raises.",
            lambda case: case.raised and case.ours is not None,
        ),
        Difference(
            "no country",
            "Dropped; the SDK raises, and the request with it.",
            lambda case: case.raised,
        ),
    ),
    "external_id": (
        Difference(
            "SHA-256 in capitals",
            "One digest must be one text, or it matches nobody.",
            lambda case: bool(_is_sha256(case.text)) and str(case.theirs).strip().lower() == case.ours,
        ),
        Difference(
            "spaces around it",
            "The id is trimmed and hashed, as the Pixel does; the SDK sends it in clear, as it came.",
            lambda case: case.text.strip() == case.ours,
        ),
    ),
}
