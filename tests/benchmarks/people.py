"""People of twenty countries: contact data as messy as the sample shop's, but every person is another one."""

import random
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import cycle, islice
from typing import Final, NamedTuple

import phonenumbers

COLUMNS: Final = (
    "customer_id", "email", "phone", "first_name", "last_name", "gender", "birth_date", "city", "state", "postal_code",
    "country",
)  # fmt: skip
_ASCII: Final = "an be da el fi ga he jo ka la mi no pa ra si ta vo wi zo lu mar ber chri ton son ley dor ris nel"
# Shares of the sample shop, set down here so that measurements of different days are of the same people.
_EMAIL: Final = {
    "plain": 0.811, "upper": 0.05, "spaces": 0.03, "tagged": 0.02, "two": 0.006, "invalid": 0.015, "placeholder": 0.01,
    "sha256": 0.009, "md5": 0.004, "missing": 0.045,
}  # fmt: skip
_PHONE: Final = {"written": 0.86, "extension": 0.02, "junk": 0.02, "missing": 0.10}
_NAME: Final = {"plain": 0.87, "upper": 0.04, "spaces": 0.03, "nfd": 0.02, "placeholder": 0.01, "missing": 0.03}
_GENDER: Final = {"missing": 0.45, "letter": 0.35, "word": 0.15, "odd": 0.05}
_BIRTH_DATE: Final = {"missing": 0.60, "iso": 0.32, "slashes": 0.06, "junk": 0.02}
_NO_ADDRESS: Final = 0.12
_PLACEHOLDER_CITY: Final = 0.005
_NO_COUNTRY: Final = 0.02
_PLACEHOLDERS: Final = ("n/a", "none", "null", "-", "unknown", "")
_JUNK_PHONES: Final = ("n/a", "0000000000", "+", "123", "unknown", "-", "no phone", "+1 999")
_JUNK_BIRTH_DATES: Final = ("0000-00-00", "1900-13-45", "n/a", "20991231", "2/16/97")
_ODD_GENDERS: Final = ("other", "x", "Mr", "n/a", "")
_SYLLABLES: Final = _ASCII.split()
_US_STATES: Final = ("CA", "NY", "TX", "FL", "WA", "California", "Texas", "Illinois", "Ohio", "N.J.")


class _Country(NamedTuple):
    name: str
    postal_code: str  # 9 stands for a digit
    syllables: list[str]  # of the names of its people and places


def _country(name: str, postal_code: str, own: str, others: str = _ASCII) -> _Country:
    return _Country(name, postal_code, f"{own} {others}".split())


_COUNTRIES: Final = {
    "us": _country("United States", "99999", "o’ ford jr. -lee"),
    "gb": _country("United Kingdom", "SW9 9AA", "zoë wick o’ -on-"),
    "de": _country("Deutschland", "99999", "mül groß jür köl"),
    "fr": _country("France", "99999", "fèv çois éti d’es"),
    "it": _country("Italia", "99999", "colò ros dell’ zzi"),
    "es": _country("España", "99999", "ñez gar íñi lucí"),
    "nl": _country("Nederland", "9999 AB", "’t van zoë ijk"),
    "be": _country("België", "9999", "lié van hél sen"),
    "ch": _country("Schweiz", "9999", "zür egg biè gen"),
    "se": _country("Sverige", "999 99", "åsa björ sjö berg"),
    "pl": _country("Polska", "99-999", "łuk święt żół ński"),
    "pt": _country("Portugal", "9999-999", "ção joã sant’ ões"),
    "br": _country("Brasil", "99999-999", "são conç gonç ões"),
    "mx": _country("México", "99999", "pé ñe gua dez"),
    "au": _country("Australia", "9999", "o’ brook field -kin"),
    "gr": _country("Ελλάδα", "999 99", "αθή γιώρ παπα δόπ ουλος κης νίκ μαρί να ελέ νη ίδης ος", others=""),
    "sa": _country("السعودية", "99999", "محمد عبد الله خالد نور سارة علي حسن فهد بن ال رياض جد مك", others=""),
    "in": _country("भारत", "999999", "प्र या रा म सि ंह श र्मा दे वी कु मार दि ल्ली", others=""),
    "jp": _country("日本", "999-9999", "佐 藤 鈴 木 高 橋 田 中 太 郎 花 子 京 山 川 さく ら ケン", others=""),
    "kr": _country("대한민국", "99999", "김 이 박 서 연 민 준 지 우 정 산 울 최 영", others=""),
}


def people(count: int) -> Iterator[tuple[str | None, ...]]:
    """The COLUMNS of so many people; the same ones every time."""
    dice = random.Random(1)  # noqa: S311
    plans = {code: _calling_code_and_mobile(code) for code in _COUNTRIES}
    for number, (code, country) in enumerate(islice(cycle(_COUNTRIES.items()), count)):
        has_address = dice.random() >= _NO_ADDRESS
        yield (
            f"C-{100_000 + number}",
            _email(dice, number),
            _phone(dice, *plans[code]),
            _name(dice, _word(dice, country, 2)),
            _name(dice, _word(dice, country, 3)),
            _gender(dice),
            _birth_date(dice),
            _city(dice, country) if has_address else None,
            _state(dice, code, country) if has_address else None,
            _digits(dice, country.postal_code) if has_address else None,
            _country_as_written(dice, code, country),
        )


def _calling_code_and_mobile(code: str) -> tuple[int, str]:
    example = phonenumbers.example_number_for_type(code.upper(), phonenumbers.PhoneNumberType.MOBILE)
    return phonenumbers.country_code_for_region(code.upper()), phonenumbers.national_significant_number(example)


def _kind(dice: random.Random, kinds: Mapping[str, float]) -> str:
    return dice.choices(list(kinds), weights=list(kinds.values()))[0]


def _digits(dice: random.Random, form: str) -> str:
    return "".join(dice.choice("0123456789") if char == "9" else char for char in form)


def _word(dice: random.Random, country: _Country, syllables: int) -> str:
    return "".join(dice.choices(country.syllables, k=syllables)).capitalize()


def _email(dice: random.Random, number: int) -> str | None:
    local = f"{''.join(dice.choices(_SYLLABLES, k=3))}.{''.join(dice.choices(_SYLLABLES, k=3))}{number}"
    match _kind(dice, _EMAIL):
        case "upper":
            return f"{local.title()}@EXAMPLE.com"
        case "spaces":
            return f"  {local}@example.com "
        case "tagged":
            return f"{local}+shop@example.org"
        case "two":
            return f"{local}@example.com{dice.choice(('; ', ', ', ' '))}{local}@example.net"
        case "invalid":
            return local + dice.choice((" at example.com", "@", "@@example.com", "@exa mple.com", "@example"))
        case "placeholder":
            return dice.choice(_PLACEHOLDERS)
        case "sha256":
            return f"{dice.getrandbits(256):064x}"
        case "md5":
            return f"{dice.getrandbits(128):032x}"
        case "missing":
            return None
    return f"{local}@example.com"


def _phone(dice: random.Random, calling_code: int, mobile: str) -> str | None:
    number = mobile[:3] + _digits(dice, "9" * (len(mobile) - 3))
    head, middle, tail = number[:3], number[3:6], number[6:]
    written = dice.choice(
        (
            number,
            f"0{number}",
            f"+{calling_code}{number}",
            f"+{calling_code} {head} {middle} {tail}",
            f"00{calling_code} {head} {middle}{tail}",
            f"+{calling_code} (0){head}-{middle}-{tail}",
            f"({head}) {middle}-{tail}",
            f"{head}.{middle}.{tail}",
        )
    )
    match _kind(dice, _PHONE):
        case "extension":
            return written + dice.choice((" ext. 5", " x12", " ext 204"))
        case "junk":
            return dice.choice(_JUNK_PHONES)
        case "missing":
            return None
    return written


def _name(dice: random.Random, plain: str) -> str | None:
    match _kind(dice, _NAME):
        case "upper":
            return plain.upper()
        case "spaces":
            return f" {plain}  "
        case "nfd":
            return unicodedata.normalize("NFD", plain)
        case "placeholder":
            return dice.choice(_PLACEHOLDERS)
        case "missing":
            return None
    return plain


def _gender(dice: random.Random) -> str | None:
    match _kind(dice, _GENDER):
        case "letter":
            return dice.choice("fmFM")
        case "word":
            return dice.choice(("female", "male", "Female", "Male"))
        case "odd":
            return dice.choice(_ODD_GENDERS)
    return None


def _birth_date(dice: random.Random) -> str | None:
    born = date(1940, 1, 1) + timedelta(days=dice.randrange(24_000))
    match _kind(dice, _BIRTH_DATE):
        case "iso":
            return born.isoformat()
        case "slashes":
            return f"{born.month}/{born.day}/{born.year}"
        case "junk":
            return dice.choice(_JUNK_BIRTH_DATES)
    return None


def _city(dice: random.Random, country: _Country) -> str:
    if dice.random() < _PLACEHOLDER_CITY:
        return "-"
    return dice.choice(("", "", "", "St. ")) + _word(dice, country, 3) + dice.choice(("", "", "", " am Main"))


def _state(dice: random.Random, code: str, country: _Country) -> str | None:
    if code == "us":
        return dice.choice(_US_STATES)
    return dice.choice((_word(dice, country, 2), None))


def _country_as_written(dice: random.Random, code: str, country: _Country) -> str | None:
    if dice.random() < _NO_COUNTRY:
        return None
    return dice.choice((code.upper(), code.upper(), code, country.name))
