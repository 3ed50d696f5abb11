"""What Meta's own parameter builder makes of a visit, beside what our macros make of the same visit."""

from datetime import UTC, datetime, timedelta

import pytest
from capi_param_builder import ParamBuilder
from macro_text import result, results

ARGUMENTS = ("a", "b", "cast(c as timestamptz)")  # fbc, fbclid, clicked_at
CLICK_IDS = ["IwAR0-abc_DEF", "IwZXh0bgNhZW0CMTEAAR1", "a", "A-_9", "PAZXh0bg_aem_x-Y"]
COOKIES = [
    ("_fbc", "fb.1.1795165200000.IwAR0-abc_DEF"),
    ("_fbc", "fb.2.1795165200000.IwAR0-abc_DEF.AQ"),
    ("_fbp", "fb.1.1795165200000.1098115397"),
    ("_fbp", "fb.0.1795165200000.7.Bg"),
]


def visited(host: str, click_id: str | None = None, **cookies: str) -> ParamBuilder:
    builder = ParamBuilder()
    builder.process_request(host, {"fbclid": [click_id]} if click_id else {}, cookies)
    return builder


@pytest.mark.parametrize(("host", "index"), [("www.example.com", "1"), ("example.com", "1"), ("a.b.example.com", "2")])
@pytest.mark.parametrize("click_id", CLICK_IDS)
def test_a_click_is_told_alike_but_for_index_and_suffix(host: str, index: str, click_id: str) -> None:
    """The builder counts the host's depth and marks its work; we say 1, as Meta asks of servers, and mark nothing."""
    theirs = visited(host, click_id).get_fbc().split(".")
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(theirs[2]))
    [ours] = results("clean_fbc", [(None, click_id, moment.isoformat())], *ARGUMENTS)
    assert theirs[:4] == ["fb", index, theirs[2], click_id]
    assert ours.split(".") == ["fb", "1", theirs[2], click_id]
    assert len(theirs) == 5 and len(theirs[4]) == 8


@pytest.mark.parametrize(("name", "cookie"), COOKIES)
def test_its_cookies_pass_byte_for_byte(name: str, cookie: str) -> None:
    builder = visited("shop.example.com", **{name: cookie})
    told = [cookie, builder.get_fbc() if name == "_fbc" else builder.get_fbp()]
    rows = [(one, None, None) for one in told]
    ours = results("clean_fbc", rows, *ARGUMENTS) if name == "_fbc" else results("clean_fbp", rows, "a")
    assert ours == told


def test_it_makes_a_browser_id_where_there_is_none_and_we_do_not() -> None:
    assert visited("shop.example.com").get_fbp() is not None
    assert result("clean_fbp", None) is None
