"""Identifiers as people write them, made up from a seed: every field, many scripts, right and wrong."""

import datetime
import random
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import phonenumbers
import pycountry


def _list(text: str) -> list[str]:
    return [one.strip() for one in text.split("|")]


def _by_country(text: str) -> list[tuple[str, str]]:
    """Lines of a country (``-`` for none) and values between bars."""
    pairs = (line.split(maxsplit=1) for line in text.strip().splitlines())
    return [(country.strip("-"), value) for country, values in pairs for value in _list(values)]


_NAMES: Final = _list(
    "Jane|José|Müller|Þórunn|Łukasz|Анна|Ελένη|ΟΔΥΣΣΕΥΣ|محمد|דוד|山田|정|अमित|สมชาย|İpek|Strauß|Zoë|Nguyễn|Åse|Đorđe|O'Neil"
    "|D’Angelo|Anne-Marie|McDonald-Smith|Mary Jane|de la Cruz|Smith Jr.|van den Berg|St. John|Ana Inés|王 小明|Jean–Luc"
)
_CITIES: Final = _list(
    "Paris|London|Springfield|München|Århus|Łódź|Αθήνα|Москва|القاهرة|東京|서울|Winston-Salem|L'Aquila|Québec|St. Louis"
    "|São Paulo|New York|Coeur d'Alene|Paris 16|Frankfurt (Oder)|10115|'s-Hertogenbosch"
)
_STATES: Final = _by_country(
    """
    us CA|ca|California|NEW YORK|District of Columbia|texas|Puerto Rico|N. Dakota|Ohio.
    au New South Wales|NSW
    de Bayern|Baden-Württemberg
    ca Ontario|British Columbia
    fr Île-de-France
    br São Paulo
    es Castilla-La Mancha
    jp 東京都
    in Tamil Nadu
    it Valle d'Aosta
    -- California|TX
    """
)
_POSTAL_CODES: Final = _by_country(
    """
    us 94035|94035-1234|940351234|94035 1234|02134
    gb M1 1AE|SW1A 1AA|sw1a1aa
    br 01310-100
    pl 00-950
    jp 100-0001|1000001
    pt 1000-205
    de 10115|D-10115
    ca K1A 0B1
    nl 1012 AB
    se 114 55
    ie D02 AF30
    in 110 001
    fr 75001
    -- 75001|94035-1234
    """
)
_GENDERS: Final = _list(
    "f|m|F|M|female|male|Female|MALE|woman|man|w|Frau|Herr|Mr|Mrs|x|other|diverse|divers|1|0|unknown|-"
)
_DATES: Final = _list("%Y%m%d|%Y-%m-%d|%Y/%m/%d|%m/%d/%Y|%d.%m.%Y|%d-%m-%Y|%m/%d/%y|%d %b %Y|%Y-%m-%d 00:00:00|%Y-%m")
_NO_DATES: Final = _list("19970230|1997-13-01|00000000|18991231|20991231|31/31/1997|1997|97-02-16|n/a|-|null")
_MAIL_NAMES: Final = _list("jane|Jane.Doe|jane.doe+promo|j_d|o'brien|JANE|用户|tést|ΟΔΥΣΣΕΥΣ|x-1")
_MAIL_DOMAINS: Final = _list("example.com|EXAMPLE.COM|shop.example.co.uk|münchen.example|例子.example")
_NO_MAILS: Final = _list(
    "jane|jane@|@example.com|jane@example|jane doe@example.com|jane@exa mple.com|a@b@example.com|jane@example..com"
    "|jane@.example.com|jane@example.com.|n/a|null|none@none|-|unknown|5d41402abc4b2a76b9719d911017c592|jane,example.com"
)
_NO_COUNTRIES: Final = _list("Atlantis|n/a|-|unknown|??|xx|eu|12|Earth")
_NO_PHONES: Final = _list("123|0000000000|1111111111|+|n/a|+999 12345678|call me|12345678901234567890")
_IDS: Final = ("customer-42", " 42 ", "AbC-7", "42", "用户-1", "a b")
_REGIONS: Final = ("US", "GB", "DE", "FR", "IT", "BR", "IN", "JP", "AU", "ES", "PL", "SA", "MX", "ZA")


class Input(NamedTuple):
    """What somebody wrote into a field, and the country of the person ("" when it is not known)."""

    field: str
    text: str
    country: str


def inputs(seed: int, each: int) -> Iterator[Input]:
    """``each`` inputs of every field; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311
    for field, write in _WRITERS.items():
        for _ in range(each):
            text, country = write(dice)
            yield Input(field, text, country)


def _written(dice: random.Random, text: str) -> str:
    """The text as keyboards, forms and exports leave it."""
    case = dice.choice((str, str, str.upper, str.lower, str.title))
    form = dice.choice(("NFC", "NFC", "NFC", "NFD"))
    text = unicodedata.normalize(form, case(text))
    if dice.random() < 0.1:
        at = dice.randrange(len(text) + 1)
        text = text[:at] + dice.choice("\u200b\u00ad\u200e\ufeff") + text[at:]
    before, after = (dice.choice(("", "", "", " ", "\t", "\u00a0", "\u3000")) for _ in range(2))
    return before + text + after


def _name(dice: random.Random) -> tuple[str, str]:
    if dice.random() < 0.05:
        return dice.choice(("n/a", "---", "unknown", "null")), ""
    return _written(dice, dice.choice(_NAMES)), ""


def _city(dice: random.Random) -> tuple[str, str]:
    return _written(dice, dice.choice(_CITIES)), ""


def _mail(dice: random.Random) -> tuple[str, str]:
    if dice.random() < 0.3:
        return dice.choice(_NO_MAILS), ""
    return _written(dice, f"{dice.choice(_MAIL_NAMES)}@{dice.choice(_MAIL_DOMAINS)}"), ""


def _state(dice: random.Random) -> tuple[str, str]:
    country, text = dice.choice(_STATES)
    return text, country


def _postal_code(dice: random.Random) -> tuple[str, str]:
    country, text = dice.choice(_POSTAL_CODES)
    return text, country


def _date(dice: random.Random) -> tuple[str, str]:
    if dice.random() < 0.2:
        return dice.choice(_NO_DATES), ""
    day = datetime.date(dice.randint(1920, 2020), dice.randint(1, 12), dice.randint(1, 28))
    return day.strftime(dice.choice(_DATES)), ""


def _country(dice: random.Random) -> tuple[str, str]:
    if dice.random() < 0.15:
        return dice.choice(_NO_COUNTRIES), ""
    country = dice.choice(list(pycountry.countries))
    text = dice.choice((country.alpha_2, country.alpha_2.lower(), country.alpha_3, country.name))
    return dice.choice((text, f" {text} ")), ""


def _phone(dice: random.Random) -> tuple[str, str]:
    if dice.random() < 0.1:
        return dice.choice(_NO_PHONES), dice.choice(("us", "de", ""))
    region = dice.choice(_REGIONS)
    kind = dice.choice((phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE))
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    full = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    text = dice.choice(
        (
            full,
            full,
            f"+{digits}",
            f"00{digits}",
            digits,
            national,
            national,
            national.replace(" ", "."),
            f"{full} ext. 12",
        )
    )
    return text, dice.choice((region.lower(), region.lower(), region.lower(), ""))


_WRITERS: Final[Mapping[str, Callable[[random.Random], tuple[str, str]]]] = {
    "em": _mail,
    "ph": _phone,
    "fn": _name,
    "ln": _name,
    "ge": lambda dice: (dice.choice(_GENDERS), ""),
    "db": _date,
    "ct": _city,
    "st": _state,
    "zp": _postal_code,
    "country": _country,
    "external_id": lambda dice: (dice.choice(_IDS), ""),
}
