"""Contact columns as forms and imports leave them: names in their scripts, addresses, telephones; all made up."""

from typing import Final

import numpy as np
import polars as pl

from waybill.sample import places, shares
from waybill.sample.dice import Dice, Ints, firsts, take
from waybill.sample.reach import emails, phones

CONTACT: Final = (
    "email",
    "phone",
    "first_name",
    "last_name",
    "gender",
    "birth_date",
    "city",
    "state",
    "postal_code",
    "country",
)


def countries_of(dice: Dice, n: int) -> Ints:
    """Positions in ``places.COUNTRIES`` of n people."""
    return dice.index([country.share for country in places.COUNTRIES], n)


def contacts(dice: Dice, country: Ints) -> pl.DataFrame:
    """The CONTACT columns of one person per entry of ``country``."""
    n = len(country)
    is_female = dice.chance(0.5, n)
    first = np.where(
        is_female,
        dice.own(country, [len(c.female) for c in places.COUNTRIES]),
        dice.own(country, [len(c.male) for c in places.COUNTRIES]),
    )
    female = [name for c in places.COUNTRIES for name in c.female]
    male = [name for c in places.COUNTRIES for name in c.male]
    last = dice.own(country, [len(c.last) for c in places.COUNTRIES])
    surnames = [name for c in places.COUNTRIES for name in c.last]
    first_in_all = np.where(is_female, first, first + len(female))
    people = pl.DataFrame(
        {
            "first_name": take([name for name, _ in female + male], first_in_all),
            "first_ascii": take([ascii_name for _, ascii_name in female + male], first_in_all),
            "last_name": take([name for name, _ in surnames], last),
            "last_ascii": take([ascii_name for _, ascii_name in surnames], last),
            "is_female": is_female,
        }
    )
    return people.select(
        emails(dice, people).alias("email"),
        phones(dice, country).alias("phone"),
        _name(dice, people["first_name"]).alias("first_name"),
        _name(dice, people["last_name"]).alias("last_name"),
        _gender(dice, people["is_female"]).alias("gender"),
        _birth_date(dice, country).alias("birth_date"),
        *_address(dice, country).get_columns(),
    )


def _name(dice: Dice, plain: pl.Series) -> pl.Series:
    n = len(plain)
    frame = pl.DataFrame(
        {
            "name": plain,
            "form": dice.kinds(shares.NAME, n),
            "mark": dice.pick(places.INVISIBLE, n),
            "placeholder": dice.pick(places.PLACEHOLDERS, n),
        }
    )
    name = pl.col("name")
    return frame.select(
        pl.when(pl.col("form") == "plain").then(name)
        .when(pl.col("form") == "upper").then(name.str.to_uppercase())
        .when(pl.col("form") == "spaces").then(pl.concat_str(pl.lit(" "), name, pl.lit("  ")))
        .when(pl.col("form") == "nfd").then(name.str.normalize("NFD"))
        .when(pl.col("form") == "marked").then(pl.concat_str(name.str.slice(0, 1), "mark", name.str.slice(1)))
        .when(pl.col("form") == "placeholder").then(pl.col("placeholder"))
    ).to_series()  # fmt: skip


def _gender(dice: Dice, is_female: pl.Series) -> pl.Series:
    n = len(is_female)
    frame = pl.DataFrame(
        {
            "form": dice.kinds(shares.GENDER, n),
            "is_female": is_female,
            "upper": dice.chance(0.5, n),
            "odd": dice.pick(places.ODD_GENDERS, n),
        }
    )
    letter = pl.when("is_female").then(pl.lit("f")).otherwise(pl.lit("m"))
    word = pl.when("is_female").then(pl.lit("female")).otherwise(pl.lit("male"))
    return frame.select(
        pl.when(pl.col("form") == "letter").then(pl.when("upper").then(letter.str.to_uppercase()).otherwise(letter))
        .when(pl.col("form") == "word").then(pl.when("upper").then(word.str.to_titlecase()).otherwise(word))
        .when(pl.col("form") == "odd").then(pl.col("odd"))
    ).to_series()  # fmt: skip


def _birth_date(dice: Dice, country: Ints) -> pl.Series:
    n = len(country)
    frame = pl.DataFrame(
        {
            "form": dice.kinds(shares.BIRTH_DATE, n),
            "day": pl.Series(dice.whole(-10_950, 13_514, n)).cast(pl.Int32).cast(pl.Date),  # 1940 … 2006
            "local": take([c.dates for c in places.COUNTRIES], country),
            "junk": dice.pick(places.JUNK_BIRTH_DATES, n),
        }
    )
    local = pl.col("local")
    for mark, part in (
        ("{d}", pl.col("day").dt.day()),
        ("{m}", pl.col("day").dt.month()),
        ("{y}", pl.col("day").dt.year()),
    ):
        local = local.str.replace(mark, part.cast(pl.String), literal=True)
    return frame.select(
        pl.when(pl.col("form") == "iso").then(pl.col("day").dt.to_string("%Y-%m-%d"))
        .when(pl.col("form") == "local").then(local)
        .when(pl.col("form") == "junk").then(pl.col("junk"))
    ).to_series()  # fmt: skip


def _address(dice: Dice, country: Ints) -> pl.DataFrame:
    n = len(country)
    cities = [city for c in places.COUNTRIES for city in c.cities]
    city = dice.own(country, [len(c.cities) for c in places.COUNTRIES])
    postal = dice.own(city, [len(c.postal_codes) for c in cities])
    spelling = dice.own(country, [len(c.spellings) for c in places.COUNTRIES])
    first_spelling = firsts([len(c.spellings) for c in places.COUNTRIES])
    usual = dice.chance(0.8, n)
    frame = pl.DataFrame(
        {
            "city": take([c.name for c in cities], city),
            "code": take([c.state or c.state_name for c in cities], city),
            "state_name": take([c.state_name or c.state for c in cities], city),
            "postal_code": take([code for c in cities for code in c.postal_codes], postal),
            "country": take(
                [text for c in places.COUNTRIES for text in c.spellings],
                np.where(usual, first_spelling[country], spelling),
            ),
            "spelled_out": dice.chance(0.3, n),
            "no_address": dice.chance(shares.NO_ADDRESS, n),
            "is_placeholder": dice.chance(shares.PLACEHOLDER_CITY, n),
            "placeholder": dice.pick(places.PLACEHOLDERS, n),
            "no_country": dice.chance(shares.NO_COUNTRY, n),
        }
    )
    state = pl.when("spelled_out").then(pl.col("state_name")).otherwise(pl.col("code"))
    known = pl.col("no_address").not_()
    return frame.select(
        pl.when(known)
        .then(pl.when("is_placeholder").then(pl.col("placeholder")).otherwise(pl.col("city")))
        .alias("city"),
        pl.when(known).then(state).alias("state"),
        pl.when(known).then(pl.col("postal_code")).alias("postal_code"),
        pl.when(pl.col("no_country").not_()).then(pl.col("country")).alias("country"),
    )
