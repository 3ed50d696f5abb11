"""The SQL macros and a plain Python reading of the same rules agree on text of all scripts."""

import hashlib
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_rules import INVISIBLE, ct, db, em, is_placeholder, trimmed, words, zp

from waybill.settings import load_settings
from waybill.warehouse.macros import MacroText
from waybill.warehouse.normalizing import FIELDS

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
BATCH = 30  # values in one call

# Surrogates are no text, and what this Python's Unicode does not know yet it cannot judge.
ANY = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\x00")
PEOPLE = st.characters(categories=("Lu", "Ll", "Lt", "Lo", "Lm", "Mn", "Nd"), max_codepoint=0x4FFF)
TRICKY = st.sampled_from(
    [*"ΣΑας İıIßẞǅǄꙘ.'’-–\u0301\u0345\u200b\u200f\u00ad\ufe0f　@", *sorted(INVISIBLE)[:3], "n/a", "xx"]
)
TEXT = st.lists(st.one_of(ANY, PEOPLE, TRICKY, st.sampled_from("abcXYZ ")), max_size=8).map("".join)
TEXTS = st.lists(TEXT, min_size=BATCH, max_size=BATCH)
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


CALLS = {
    "st": "normalize_st('input', country='country')",
    "zp": "normalize_zp('input', country='country')",
    "db": "normalize_db('input', as_of='as_of', date_order='date_order')",
}


@cache
def engine() -> tuple[duckdb.DuckDBPyConnection, MacroText]:
    """One connection with the seeds, because starting costs more than asking."""
    connection, macros = duckdb.connect(), MacroText(load_settings({}).dbt_project_dir)
    connection.execute("set TimeZone = 'UTC'")  # as dbt's profile has it: "today" is a day in UTC
    macros.load_seeds(connection)
    return connection, macros


def made(
    field: str, texts: list[str], country: str | None = None, order: str | None = None
) -> list[tuple[str | None, str | None]]:
    """The normalised value and the hash of each text."""
    connection, macros = engine()
    connection.register("texts", pa.table({"place": range(len(texts)), "input": pa.array(texts, pa.string())}))
    call = CALLS.get(field, f"normalize_{field}('input')")
    asked = f"""
        select normalized, {{{{ hash_identifier('normalized') }}}}
        from (
            select place, {{{{ {call} }}}} as normalized
            from (select *, $country::varchar as country, $order::varchar as date_order, $as_of as as_of from texts)
        )
        order by place
    """
    values = {"country": country, "order": order, "as_of": AS_OF}
    sql = macros.render(asked)
    used = {name: value for name, value in values.items() if f"${name}" in sql}
    return connection.execute(sql, used).fetchall()


def agree(field: str, texts: list[str], rule: Callable[[str], str | None], **how: str | None) -> None:
    found = [normalized for normalized, _ in made(field, texts, **how)]
    assert [(text, one) for text, one in zip(texts, found, strict=True) if one != rule(text)] == []


def test_a_capital_sigma_is_final_by_what_stands_beside_it_whatever_that_is() -> None:
    points = [chr(n) for n in range(1, 0x110000) if unicodedata.category(chr(n)) not in ("Cs", "Cn")]
    texts = [text for one in points for text in (f"{one}Σ", f"a{one}Σ", f"aΣ{one}", f"aΣ{one}b", f"aΣ{one} ")]
    connection, macros = engine()
    connection.register("texts", pa.table({"input": pa.array(texts, pa.string())}))
    found = connection.execute(macros.render("select input, {{ lowered('input') }} from texts")).fetchall()
    final = [(text, "ς" in one) for text, one in found if "ς" not in text]
    assert [text for text, is_final in final if is_final != ("ς" in text.lower())] == []


@pytest.mark.parametrize("field", ["fn", "ln"])
@given(texts=TEXTS)
@QUICK
def test_names(field: str, texts: list[str]) -> None:
    agree(field, texts, words)


@given(texts=TEXTS)
@QUICK
def test_cities(texts: list[str]) -> None:
    agree("ct", texts, ct)


def test_a_city_needs_a_letter_that_can_be_seen() -> None:
    assert [city for city, _ in made("ct", ["0\u3164", "0 a\u3164", "\u3164"])] == [None, "0a", None]


@given(texts=st.lists(st.tuples(TEXT, st.sampled_from(["@", "@x.", "@@", "."]), TEXT).map("".join), min_size=BATCH))
@QUICK
def test_addresses(texts: list[str]) -> None:
    agree("em", texts, em)


@pytest.mark.parametrize("country", ["us", "gb", None])
@given(texts=st.lists(st.text("0123456789 -AbcÅ–", max_size=11), min_size=BATCH))
@QUICK
def test_postal_codes(country: str | None, texts: list[str]) -> None:
    agree("zp", texts, lambda text: zp(text, country), country=country)


@pytest.mark.parametrize("order", ["mdy", "dmy", None])
@given(
    texts=st.lists(
        st.tuples(st.integers(0, 32), st.sampled_from("-./"), st.integers(0, 32), st.integers(1890, 2030)).flatmap(
            lambda date: st.sampled_from(
                [
                    f"{date[0]}{date[1]}{date[2]}{date[1]}{date[3]}",
                    f"{date[3]}{date[1]}{date[0]:02}{date[1]}{date[2]:02}",
                    f"{date[3]}{date[0]:02}{date[2]:02}",
                ]
            )
        ),
        min_size=BATCH,
    )
)
@QUICK
def test_birth_dates(order: str | None, texts: list[str]) -> None:
    agree("db", texts, lambda text: db(text, order, AS_OF), order=order)


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in ("ph", "country")])
@given(texts=TEXTS)
@QUICK
def test_laws(field: str, texts: list[str]) -> None:
    """What is normalised stays as it is; its hash is SHA-256 of it; nothing is kept that is blank at its ends.

    NFC comes first: where noise stood between a letter and its accent, the two are composed the second time only.
    """
    found = made(field, texts, country="us")
    once = [(text, sha256) for text, sha256 in found if text is not None and not is_placeholder(text)]  # of x.x: xx
    twice = made(field, [text for text, _ in once], country="us")
    nfc = partial(unicodedata.normalize, "NFC")
    assert [nfc(text) for text, _ in twice if text] == [nfc(text) for text, _ in once if text]
    for text, sha256 in once:
        assert sha256 == hashlib.sha256(text.encode()).hexdigest()
        assert text == trimmed(text) != ""


def test_every_character_is_lowered_as_python_lowers_it() -> None:
    characters = [chr(point) for point in range(1, 0x110000) if unicodedata.category(chr(point))[0] == "L"]
    agree("external_id", characters[:50], lambda text: text)  # an id keeps its case
    agree("fn", [f"a{char}b" for char in characters], words)
