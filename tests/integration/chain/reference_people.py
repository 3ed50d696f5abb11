"""The reference's second opinion on people: where they are, and whether they can be found by what is known of them."""

import hashlib
from typing import Any

import phonenumbers
from reference_words import PLACEHOLDERS, SPELLINGS

WEAK = {
    "first_name": "fn", "last_name": "ln", "city": "ct", "state": "st", "postal_code": "zp", "country": "country",
}  # fmt: skip
TOO_BROAD = (
    {"ct", "country", "st", "zp", "ge", "client_user_agent"}, {"db", "client_user_agent"}, {"fn", "ge"}, {"ln", "ge"},
)  # fmt: skip
NOTHING = hashlib.sha256(b"").hexdigest()
STRONG = ("client_ip_address", "fbc", "fbp", "fbclid")


def country_code(written: str) -> str:
    spelled = written.strip().upper()
    return SPELLINGS.get(spelled, spelled)


def is_anybody(lead: dict[str, Any], clicks: list[dict[str, Any]]) -> bool:
    """Whether what is known of a lead is more than Meta's baseline; the sample's values are told apart by eye."""
    written = {column: "".join((lead[column] or "").split()).lower() for column in WEAK}
    keys = {name for column, name in WEAK.items() if written[column] not in PLACEHOLDERS | {"-"}}
    if _is_address(lead["email"] or ""):
        keys.add("em")
    if _is_number(lead["phone"] or "", lead["country"] or ""):
        keys.add("ph")
    keys |= {name for click in clicks for name in STRONG if click[name]}
    keys |= {"client_user_agent" for click in clicks if click["client_user_agent"]}
    return not any(keys <= too_broad for too_broad in TOO_BROAD)


def _is_address(written: str) -> bool:
    """One or several addresses, or the SHA-256 of something, with or without a suffix; no other hash."""
    if len(written.split(".")[0]) == 64:
        return written != NOTHING
    parts = written.replace(",", " ").replace(";", " ").split()
    return any(part.count("@") == 1 and part[0] != "@" and "." in part.partition("@")[2] for part in parts)


def _is_number(written: str, country: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, country_code(country)))
    except phonenumbers.NumberParseException:
        return False
