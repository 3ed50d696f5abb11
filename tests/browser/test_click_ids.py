"""Click ids and browser ids are relayed as they are or not at all, and only while they can speak of the event."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from macro_text import results

_quick = settings(max_examples=40, deadline=None)
_SHAPE = re.compile(r"fb\.[0-2]\.[1-9][0-9]{12}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]{8}|\.[A-Za-z0-9_-]{2})?")

_pieces = st.lists(
    st.sampled_from(
        ["fb", "0", "1", "3", "1795165200000", "1795165200", "0000000000000", "IwAR_x-Y", "42", "", " ", "ü"]
    ),
    min_size=1,
    max_size=6,
).map(".".join)
_cookies = st.one_of(_pieces, st.text(max_size=20), st.from_regex(_SHAPE, fullmatch=True))


@_quick
@given(st.lists(_cookies, min_size=1, max_size=100))
def test_a_cookie_is_relayed_untouched_or_dropped(cookies: list[str]) -> None:
    relayed = results("clean_fbc", [[cookie] for cookie in cookies], "a", "null", "cast(null as timestamptz)")
    assert relayed == [cookie if _SHAPE.fullmatch(cookie) else None for cookie in cookies]
    for cookie, fbp in zip(cookies, results("clean_fbp", [[cookie] for cookie in cookies], "a"), strict=True):
        assert fbp is None or (fbp == cookie and _SHAPE.fullmatch(cookie) and cookie.split(".")[3].isdecimal())


@_quick
@given(st.lists(st.timedeltas(timedelta(days=-400), timedelta(days=120_000)), min_size=1, max_size=50))
def test_only_a_moment_in_milliseconds_makes_a_click_id(ages: list[timedelta]) -> None:
    told = [[(datetime(1970, 1, 1, tzinfo=UTC) + age).isoformat()] for age in ages]
    made = results("clean_fbc", told, "null", "'AbC'", "cast(a as timestamptz)")
    for age, fbc in zip(ages, made, strict=True):
        milliseconds = age // timedelta(milliseconds=1)
        assert fbc == (f"fb.1.{milliseconds}.AbC" if 10**12 <= milliseconds < 10**13 else None)


@_quick
@given(st.lists(st.timedeltas(timedelta(days=-1), timedelta(days=100)), min_size=1, max_size=50))
def test_a_click_speaks_for_ninety_days(ages: list[timedelta]) -> None:
    clicked_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    ages = [timedelta(milliseconds=age // timedelta(milliseconds=1)) for age in ages]
    told = [["fb.1.1795165200000.AbC", (clicked_at + age).isoformat()] for age in ages]
    kept = results("fbc_in_time", told, "a", "cast(b as timestamptz)")
    assert [fbc is not None for fbc in kept] == [timedelta(minutes=-1) <= age <= timedelta(days=90) for age in ages]
