"""The shop's people: their countries, scripts and telephone numbers, and what is wrong with what they left."""

import unicodedata

import phonenumbers
import polars as pl
import pytest

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
