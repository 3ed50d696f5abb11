"""Who the shop's people could be, and what they write into fields that they cannot or will not fill in.

Telephone numbers are from ranges that a regulator keeps free for fiction, where libphonenumber takes those for numbers
(US and CA 555-01xx, GB 020 7946 0xxx, DE 030 23125, FR 01 99 00, AU 5550, SE 031-390 06). Elsewhere they are from a
block of zeros that nobody is given, or from the block of libphonenumber's own example, whose digits count upwards.
"""

from typing import Final

from waybill.sample.places_americas import AMERICAS
from waybill.sample.places_elsewhere import ELSEWHERE
from waybill.sample.places_europe import EUROPE

COUNTRIES: Final = (*AMERICAS, *EUROPE, *ELSEWHERE)

PER_DOLLAR: Final = {country.currency: country.per_dollar for country in COUNTRIES}

WHOLE_UNIT_CURRENCIES: Final = ("JPY", "KRW")
"""Currencies of this shop without a minor unit."""

CURRENCY_OF: Final = {spelling: country.currency for country in COUNTRIES for spelling in country.spellings}
"""The currency of a country as people spell it."""

PLACEHOLDERS: Final = (
    "-", "n/a", "N/A", "unknown", "unbekannt", "k. A.", "inconnu", "Sin datos", "desconocido", "não informado",
    "sconosciuto", "onbekend", "okänd", "nieznany", "bilinmiyor", "невідомо", "άγνωστο", "غير معروف", "अज्ञात", "不明",
    "なし", "없음",
)  # fmt: skip
PLACEHOLDER_EMAILS: Final = ("n/a", "none", "null", "-", "unknown", "noemail", "", "keine Angabe", "sin datos", "なし")
JUNK_PHONES: Final = ("n/a", "0000000000", "+", "123", "unknown", "-", "no phone", "+1 999", "unbekannt", "なし")
INVISIBLE: Final = ("\u200b", "\u200e", "\u200f")
"""A zero-width space and the marks of direction: what comes along with a name that was copied and pasted."""
ODD_GENDERS: Final = ("other", "x", "Mr", "n/a", "")
JUNK_BIRTH_DATES: Final = ("0000-00-00", "1900-13-45", "n/a", "20991231", "2/16/97")
