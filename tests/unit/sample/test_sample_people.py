"""The shop's people: their countries, scripts and telephone numbers, and what is wrong with what they left."""

import hashlib
import unicodedata

import phonenumbers
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from waybill.sample import places
from waybill.sample.country import Country
from waybill.sample.dice import Dice
from waybill.sample.people import contacts, countries_of

PEOPLE = 20_000


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    """Contacts, and the country each of them is from, which is not always what they wrote."""
    country = countries_of(Dice(7, 0, 1), PEOPLE)
    codes = pl.Series("code", [places.COUNTRIES[position].code for position in country])
    return contacts(Dice(7, 0, 9), country).with_columns(codes)


def test_twenty_countries_and_more_the_biggest_first(people: pl.DataFrame) -> None:
    counts = dict(people["code"].value_counts().iter_rows())
    assert len(counts) == len(places.COUNTRIES) >= 20
    assert sorted(counts, key=lambda code: -counts[code])[:4] == ["US", "GB", "DE", "FR"]
    assert sum(country.share for country in places.COUNTRIES) == pytest.approx(1)


def test_consent_is_asked_for_in_europe() -> None:
    asked = {country.code for country in places.COUNTRIES if country.asks_consent}
    assert asked == {"GB", "DE", "FR", "IT", "ES", "NL", "CH", "AT", "IE", "SE", "PL", "PT", "GR"}


def test_a_country_is_spelled_as_no_other_and_a_currency_has_one_price() -> None:
    spellings = [spelling for country in places.COUNTRIES for spelling in country.spellings]
    assert len(spellings) == len(set(spellings))
    assert all(country.per_dollar == places.PER_DOLLAR[country.currency] for country in places.COUNTRIES)


def test_every_name_has_letters_for_an_e_mail_address() -> None:
    for country in places.COUNTRIES:
        for written, ascii_form in (*country.female, *country.male, *country.last):
            assert ascii_form.isascii(), written
            assert ascii_form.isalnum(), written


@pytest.mark.parametrize("country", places.COUNTRIES, ids=lambda country: country.code)
def test_telephone_numbers_are_numbers_of_their_country(people: pl.DataFrame, country: Country) -> None:
    written = people.filter(pl.col("code") == country.code, ~pl.col("phone").is_in(places.JUNK_PHONES))["phone"]
    numbers = [phonenumbers.parse(text, country.code) for text in written.drop_nulls()]
    valid = [phonenumbers.is_valid_number_for_region(number, country.code) for number in numbers]
    assert len(valid) > 50
    assert sum(valid) >= 0.9 * len(valid)


@pytest.mark.parametrize("script", ["ARABIC", "CYRILLIC", "GREEK", "DEVANAGARI", "HANGUL", "CJK"])
@pytest.mark.parametrize("column", ["first_name", "last_name", "city", "country"])
def test_names_cities_and_countries_are_in_their_own_scripts(people: pl.DataFrame, column: str, script: str) -> None:
    found = {unicodedata.name(text.strip()[0]).split()[0] for text in people[column].drop_nulls() if text.strip()}
    assert script in found


def test_the_same_seed_gives_the_same_people(people: pl.DataFrame) -> None:
    again = contacts(Dice(7, 0, 9), countries_of(Dice(7, 0, 1), PEOPLE))
    assert_frame_equal(people.drop("code"), again)


MESS = {
    "two e-mails in one field": ("email", r"^[^@ ]+@example\.(com|org|net)(; |, | )[^@ ]+@example\.net$"),
    "SHA-256 in lower case": ("email", "^[0-9a-f]{64}$"),
    "SHA-256 in upper case": ("email", "^[0-9A-F]{64}$"),
    "SHA-256 with a suffix": ("email", r"^[0-9a-f]{64}\.[A-Za-z0-9_-]{8}$"),
    "MD5": ("email", "^[0-9a-f]{32}$"),
    "SHA-256 of nothing": ("email", f"^{hashlib.sha256(b'').hexdigest()}$"),
    "e-mail placeholder of another language": ("email", "^(keine Angabe|sin datos|なし)$"),
    "invisible character in a first name": ("first_name", "[\u200b\u200e\u200f]"),
    "invisible character in a last name": ("last_name", "[\u200b\u200e\u200f]"),
    "name placeholder of another language": (
        "first_name",
        "^(unbekannt|inconnu|Sin datos|невідомо|غير معروف|不明|없음)$",
    ),
    "city placeholder": ("city", f"^({'|'.join(places.PLACEHOLDERS)})$"),
    "full-width digits": ("phone", "[０-９]{3}"),
    "telephone placeholder of another language": ("phone", "^(unbekannt|なし)$"),
    "day before month": ("birth_date", "^(1[3-9]|2[0-9]|3[01])/[0-9]{1,2}/[0-9]{4}$"),
    "day before month, with dots": ("birth_date", r"^(1[3-9]|2[0-9]|3[01])\.[0-9]{1,2}\.[0-9]{4}$"),
    "month before day": ("birth_date", "^[0-9]{1,2}/(1[3-9]|2[0-9]|3[01])/[0-9]{4}$"),
    "year, month and day in words": ("birth_date", "^[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日$"),
    "U.K.": ("country", r"^U\.K\.$"),
    "a country in capitals": ("country", "^(ΕΛΛΑΔΑ|УКРАЇНА|TÜRKİYE|ESPAÑA|POLSKA)$"),
    "a country with a space behind it": ("country", "^Deutschland $"),
}


@pytest.mark.parametrize("kind", MESS)
def test_a_few_thousand_orders_have_every_kind_of_mess(people: pl.DataFrame, kind: str) -> None:
    column, pattern = MESS[kind]
    of_few_orders = people.head(3000)
    assert 0 < of_few_orders[column].str.contains(pattern).sum() < 0.04 * len(of_few_orders)
