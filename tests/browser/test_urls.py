"""Nothing of a query string, a fragment, a user or a telling piece of a path is left in an address that is sent."""

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from macro_text import result, results

SECRET = "zq7q1z"
_quick = settings(max_examples=40, deadline=None)

_scheme = st.sampled_from(["http", "https", "HTTPS", "Http"])
_user = st.sampled_from(["", f"{SECRET}@", f"{SECRET}:{SECRET}@", f"jane:{SECRET}@x.example.com@"])
_host = st.sampled_from(
    ["shop.example.com", "SHOP.example.com:8443", "bücher.example", "xn--bcher-kva.example", "[2001:db8::1]"]
)
_harmless = st.sampled_from(
    ["", "checkout", "thank-you", "straße", "%C3%BCber", "2026", "o-1001", "Summer_sale-2026", "p.html"]
)
_telling = st.sampled_from(
    [
        f"{SECRET}@example.com", f"{SECRET}%40example.com", f"{SECRET}%2540example.com", f"{SECRET}＠example.com",
        f"{SECRET}%EF%BC%A0example.com", f"email={SECRET}", f"email%3D{SECRET}", f"a&email={SECRET}", f"x%3Fe{SECRET}",
        f"eyJhbGciOiJIUzI1NiJ9{SECRET}", f"0123456789abcdef{SECRET}",
        f"550e8400-e29b-41d4-a716-446655440000{SECRET}",
        f"back\\{SECRET}", SECRET * 30,
    ]
)  # fmt: skip
_after = st.sampled_from(
    ["", f"?{SECRET}", f"?email={SECRET}#x", f"#{SECRET}", f"#/a?{SECRET}", f";sid={SECRET}", f"?a=1?{SECRET}/b"]
)


@st.composite
def _pages(draw: st.DrawFn) -> tuple[str, str]:
    """An address as a tag manager logs it, and what may be left of it."""
    scheme, host, path = draw(_scheme), draw(_host), draw(st.lists(_harmless, max_size=4))
    site = f"{scheme}://{host}".lower()
    told, left = path, "/".join(["", *path])
    if draw(st.booleans()):
        told, left = [*path, draw(_telling), SECRET], "/".join(["", *path, ""])
    return f" {scheme}://{draw(_user)}{host}{'/'.join(['', *told])}{draw(_after)}\n", site + left


@_quick
@given(st.lists(_pages(), min_size=20, max_size=100))
def test_what_tells_of_the_person_is_cut_and_the_rest_is_kept(pages: list[tuple[str, str]]) -> None:
    cleaned = results("clean_url", [[told] for told, _ in pages], "a")
    assert cleaned == [left for _, left in pages]
    assert not any(SECRET in address for address in cleaned)


@_quick
@given(
    st.lists(
        st.one_of(st.text(), st.text("htps:/@?#;&=%\\.a0 \n[]").map("https://a".__add__)), min_size=1, max_size=100
    )
)
def test_any_text_gives_a_bare_address_or_nothing(told: list[str]) -> None:
    for address in results("clean_url", [[text] for text in told], "a"):
        if address is not None:
            assert not any(mark in address for mark in "?#;@\\")
            assert address.startswith(("http://", "https://"))
            assert urlsplit(address).netloc


@pytest.mark.parametrize(
    "phone",
    ["+33699000011", "06-99-00-00-11", "(650) 555-0142", "06%2099%2000%2000%2011", "tel:+16505550142", "6505550142"],
)
def test_a_phone_number_in_a_path_is_cut(phone: str) -> None:
    assert result("clean_url", f"https://shop.example.com/call/{phone}/now") == "https://shop.example.com/call/"


@_quick
@given(
    st.text("ABCabc012_-", min_size=1, max_size=80),
    st.sampled_from(["", "x=1&", "xfbclid=9&", quote("ü") + "&"]),
    st.sampled_from(["", "&y=2", "#top"]),
)
def test_the_click_id_of_a_page_is_taken_as_it_is(fbclid: str, before: str, after: str) -> None:
    page = f"https://shop.example.com/p?{before}fbclid={fbclid}{after}"
    made = results("clean_fbc", [[page]], "null", "null", "timestamptz '2026-11-20 09:00:00+00'", "a")[0]
    assert made == f"fb.1.1795165200000.{fbclid}"
