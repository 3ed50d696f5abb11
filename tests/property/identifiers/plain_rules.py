"""A slow, obvious second opinion on identifiers: the written rules in plain Python, a character at a time."""

import csv
import re
import unicodedata
from datetime import date, datetime
from pathlib import Path

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
# Invisible though Unicode calls them letters or marks: fillers, joiners, variation selectors.
INVISIBLE = {
    "\u034f",
    "\u115f",
    "\u1160",
    "\u17b4",
    "\u17b5",
    "\u180b",
    "\u180c",
    "\u180d",
    "\u180f",
    "\u3164",
    "\uffa0",
}
INVISIBLE |= {chr(point) for point in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}
NOTHING = ("", " ", "-", "null", "n/a", "N/A", "none", "NULL", "unknown", "undefined", "nan", "NaN", "0")


def column(seed: str, name: str) -> set[str]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return {row[name] for row in csv.DictReader(file)}


PLACEHOLDERS = column("placeholders", "placeholder")


def is_blank(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Co", "Zs", "Zl", "Zp") or char in INVISIBLE


def is_noise(char: str) -> bool:
    return is_blank(char) or unicodedata.category(char)[0] in "PS"


def trimmed(text: str) -> str:
    while text and is_blank(text[0]):
        text = text[1:]
    while text and is_blank(text[-1]):
        text = text[:-1]
    return text


def is_placeholder(text: str) -> bool:
    written = "".join(char for char in text.lower() if not is_blank(char))
    return written in PLACEHOLDERS or bool(re.fullmatch(r"x{2,}|[-–—_.?*/]+", written))


def words(text: str) -> str | None:
    if is_placeholder(text):
        return None
    return "".join(char for char in unicodedata.normalize("NFC", text) if not is_noise(char)).lower() or None


def em(text: str) -> str | None:
    address = trimmed(text)
    name, at, domain = address.partition("@")
    labels = domain.split(".")
    forbidden = set('<>()[],;:"\\@')
    good = at and name and len(labels) > 1 and all(labels) and len(address) <= 254
    if not good or any(char in forbidden or is_blank(char) for char in name + domain):
        return None
    return unicodedata.normalize("NFC", address).lower()


def ct(text: str) -> str | None:
    return words(text) if any(unicodedata.category(char)[0] == "L" and not is_blank(char) for char in text) else None


def db(text: str, order: str | None, as_of: datetime) -> str | None:
    parts = re.fullmatch(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})", text)
    if parts:
        readings = [parts.groups()]
    elif parts := re.fullmatch(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})", text):
        first, second, year = parts.groups()
        readings = [(year, first, second), (year, second, first)]
        if order == "dmy":
            readings.reverse()
    elif parts := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text):
        readings = [parts.groups()]
    else:
        return None
    for year, month, day in readings:
        try:
            born = date(int(year), int(month), int(day))
        except ValueError:
            continue
        return born.strftime("%Y%m%d") if date(1900, 1, 1) <= born <= as_of.date() else None
    return None


def zp(text: str, country: str | None) -> str | None:
    found = words(text)
    if found and not found.strip("0"):
        return None
    return found[:5] if found and country == "us" else found
