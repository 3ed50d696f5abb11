"""E-mail addresses and telephone numbers, as forms and imports leave them; all made up."""

from typing import Final

import duckdb
import polars as pl

from waybill.sample import places, shares
from waybill.sample.dice import Dice, Ints, take

_HASHED: Final = """
    case form
        when 'sha256' then sha256(email)
        when 'sha256_upper' then upper(sha256(email))
        when 'sha256_suffix' then sha256(email) || '.AbCd1234'
        when 'md5' then md5(email)
        when 'sha256_of_nothing' then sha256('')
        else email
    end
"""
_FULL_WIDTH: Final = {str(digit): chr(0xFF10 + digit) for digit in range(10)}


def emails(dice: Dice, people: pl.DataFrame) -> pl.Series:
    n = len(people)
    form = dice.kinds(shares.EMAIL, n)
    frame = people.with_columns(
        form.alias("form"),
        take(("example.com", "example.org", "example.net"), dice.index((0.7, 0.2, 0.1), n)).alias("domain"),
        pl.Series(dice.whole(1, 999_999, n)).cast(pl.String).alias("number"),
        dice.pick((" at example.com", "@", "@@example.com", "@exa mple.com", "@example"), n).alias("broken"),
        dice.pick(("; ", ", ", " "), n).alias("between"),
        dice.pick(places.PLACEHOLDER_EMAILS, n).alias("placeholder"),
    )
    local = pl.concat_str("first_ascii", pl.lit("."), "last_ascii", "number")
    plain = pl.concat_str(local, pl.lit("@"), "domain")
    written = frame.select(
        pl.when(pl.col("form").is_in(["missing", "sha256_of_nothing"])).then(None)
        .when(pl.col("form") == "upper").then(plain.str.to_titlecase().str.replace("example", "EXAMPLE", literal=True))
        .when(pl.col("form") == "spaces").then(pl.concat_str(pl.lit("  "), plain, pl.lit(" ")))
        .when(pl.col("form") == "tagged").then(pl.concat_str(local, pl.lit("+shop@"), "domain"))
        .when(pl.col("form") == "two").then(pl.concat_str(plain, "between", local, pl.lit("@example.net")))
        .when(pl.col("form") == "invalid").then(pl.concat_str(local, "broken"))
        .when(pl.col("form") == "placeholder").then(pl.col("placeholder"))
        .otherwise(plain)
        .alias("email"),
        "form",
    )  # fmt: skip
    with duckdb.connect() as engine:
        engine.register("written", written.with_row_index("position"))
        hashed = engine.sql(f"select {_HASHED} from written order by position").pl()  # noqa: S608
    emails: pl.Series = hashed.to_series()
    return emails


def phones(dice: Dice, country: Ints) -> pl.Series:
    n = len(country)
    forms = [form for c in places.COUNTRIES for form in c.phones]
    frame = pl.DataFrame(
        {
            "kind": dice.kinds(shares.PHONE, n),
            "form": take(forms, dice.own(country, [len(c.phones) for c in places.COUNTRIES])),
            "three": dice.digits(3, n),
            "two": dice.digits(2, n),
            "junk": dice.pick(places.JUNK_PHONES, n),
            "extension": dice.pick((" ext. 5", " x12", " ext 204"), n),
        }
    )
    number = (
        pl.col("form").str.replace("{n}", pl.col("three"), literal=True).str.replace("{m}", pl.col("two"), literal=True)
    )
    return frame.select(
        pl.when(pl.col("kind") == "written").then(number)
        .when(pl.col("kind") == "extension").then(pl.concat_str(number, "extension"))
        .when(pl.col("kind") == "full_width").then(number.str.replace_many(_FULL_WIDTH))
        .when(pl.col("kind") == "junk").then(pl.col("junk"))
    ).to_series()  # fmt: skip
