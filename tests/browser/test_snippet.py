"""The documented browser snippet, in V8, makes the event ids that the SQL makes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from macro_text import results
from py_mini_racer import MiniRacer

DOCS = Path(__file__).parents[2] / "docs"
SNIPPET = DOCS / "browser" / "waybill-event-id.js"
KINDS = ("purchase", "lead", "trial", "subscribe")


@pytest.fixture(scope="module")
def engine() -> Iterator[MiniRacer]:
    """An engine without a browser around it: no crypto, no TextEncoder, and none is needed."""
    with MiniRacer() as racer:
        racer.eval(SNIPPET.read_text(encoding="utf-8"))
        yield racer


def made(engine: MiniRacer, call: str, *arguments: object) -> Any:
    """What a function of the snippet gives, through JSON, which writes half a surrogate pair as an escape."""
    return json.loads(str(engine.eval(f"JSON.stringify([waybillEventId.{call}(...{json.dumps(arguments)})])")))[0]


_by_v8 = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_any_text = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=90)  # code points, lone surrogates too
_near_the_limit = st.builds(
    lambda length, filling, tail: filling * length + tail,
    st.integers(40, 70),
    st.sampled_from(["a", "é", "王", "😀"]),
    st.sampled_from(["", "-1", "😀"]),
)
_keys = st.one_of(_any_text, _near_the_limit)


@_by_v8
@given(st.lists(_keys, min_size=1, max_size=40))
def test_browser_and_warehouse_make_the_same_id(engine: MiniRacer, keys: list[str]) -> None:
    # A warehouse never holds half a surrogate pair: whatever wrote it as UTF-8 put U+FFFD in its place.
    landed = [[re.sub("[\ud800-\udfff]", "�", key)] for key in keys]
    for kind in KINDS:
        assert [made(engine, kind, key) for key in keys] == results("event_id", landed, f"{kind}", ["a"])


@_by_v8
@given(_keys, st.integers(0, 999))
def test_an_id_of_two_keys_is_the_same_too(engine: MiniRacer, key: str, line: int) -> None:
    landed = [[re.sub("[\ud800-\udfff]", "�", key), str(line)]]
    assert made(engine, "make", "purchase", key, line) == results("event_id", landed, "purchase", ["a", "b"])[0]


def test_the_length_is_counted_in_characters_not_in_utf16_units(engine: MiniRacer) -> None:
    fits, does_not = "😀" * (64 - len("purchase_")), "😀" * (65 - len("purchase_"))
    assert made(engine, "purchase", fits) == f"purchase_{fits}"
    assert re.fullmatch(r"purchase_[0-9a-f]{48}", made(engine, "purchase", does_not))


@pytest.mark.parametrize("nothing", ["", None, [], {}, True, 1.5, 2**53])
def test_what_is_no_key_makes_no_id(engine: MiniRacer, nothing: object) -> None:
    """Otherwise every order without a number would share one id, and the platform would keep one of them."""
    assert made(engine, "purchase", nothing) is None
    assert made(engine, "purchase") is None


def test_a_number_is_written_as_the_warehouse_writes_it(engine: MiniRacer) -> None:
    assert made(engine, "purchase", 1001) == "purchase_1001"


def test_the_page_of_the_documentation_reports_with_the_warehouses_id(engine: MiniRacer) -> None:
    page = (DOCS / "browser-snippet.md").read_text(encoding="utf-8")
    script = re.search(r"<script>\n(.*?)</script>", page, re.DOTALL)
    assert script
    engine.eval("var reported = []; function fbq() { reported.push([].slice.call(arguments)); }")
    engine.eval(script[1])
    ((_, name, _, options),) = json.loads(str(engine.eval("JSON.stringify(reported)")))
    assert (name, options) == ("Purchase", {"eventID": results("event_id", [["1001"]], "purchase", ["a"])[0]})


def test_the_table_of_the_documentation_names_ids_as_they_are_made(engine: MiniRacer) -> None:
    page = (DOCS / "browser-snippet.md").read_text(encoding="utf-8")
    rows = re.findall(r"`waybillEventId\.(\w+)\((?:'(\w+)', )?(\w+)\)` \| `([^`]+)`", page)
    assert len(rows) == len(KINDS) + 1
    for function, kind, key, documented in rows:
        assert made(engine, function, *filter(None, [kind]), f"<{key}>") == documented


_order_numbers = st.text(
    st.characters(codec="ascii") | st.sampled_from("éß王😀＠\u00a0\u200b"), min_size=1, max_size=70
)


@_by_v8
@given(st.lists(_order_numbers, min_size=1, max_size=40))
def test_an_id_of_the_snippet_is_known_again_when_it_was_captured(engine: MiniRacer, keys: list[str]) -> None:
    ids = [made(engine, "purchase", key) for key in keys]
    unusable = re.compile(r"""[\s\x00-\x1f\x7f\u200b@＠"'\\<>]""")
    known = results("captured_event_id", [[event_id] for event_id in ids], "a")
    assert known == [None if unusable.search(event_id) else event_id for event_id in ids]
