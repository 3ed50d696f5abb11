"""What Meta's answers mean, code by code."""

import json
import time
from email.utils import formatdate

import pytest

from waybill.destinations.base import Accepted, Receipt, Refused, Retry, Stop, Unknown
from waybill.destinations.meta.answers import Answer, read

SENT = Receipt(request_bytes=10)


def answered(code: int, subcode: int | None = None, status: int = 400, **more: object) -> Answer:
    error: dict[str, object] = {"message": "…", "type": "OAuthException", "code": code, "fbtrace_id": "AbC-_1", **more}
    if subcode is not None:
        error["error_subcode"] = subcode
    return Answer(status, json.dumps({"error": error}).encode())


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        *((code, None, Retry) for code in (4, 17, 32, 341, 613, 368, 80000, 80003, 80004, 80014)),
        *((4, 1504022, Retry), (17, 2446079, Retry), (613, 1487742, Retry), (613, 5044001, Retry)),
        *((190, subcode, Stop) for subcode in (None, 458, 459, 460, 463, 464, 467)),
        *((code, None, Stop) for code in (102, 104, 3, 10, 200, 275, 294, 299, 2500, 2635)),
        (100, 33, Stop),
        *((100, subcode, Refused) for subcode in (2804003, 2804009, 2804010, 2804050, 2804036, 2804019, 1815356)),
        *((100, subcode, Refused) for subcode in (None, 2804999)),
    ],
)
def test_an_error_is_read_by_code_and_subcode_alone(
    status: int, code: int, subcode: int | None, kind: type[object]
) -> None:
    outcome = read(answered(code, subcode, status), 3, SENT)

    assert isinstance(outcome, kind)
    assert (outcome.receipt.http_status, outcome.receipt.code, outcome.receipt.subcode) == (status, code, subcode)
    assert outcome.receipt.trace_id == "AbC-_1"
    assert outcome.receipt.request_bytes == 10


@pytest.mark.parametrize(("status", "kind"), [(400, Retry), (403, Retry), (429, Retry), (500, Unknown), (503, Unknown)])
@pytest.mark.parametrize(("code", "subcode"), [(1, None), (1, 99), (2, None), (5000, None), (21009, None), (31337, 1)])
def test_service_trouble_of_a_5xx_does_not_say_that_nothing_was_taken(
    status: int, kind: type[object], code: int, subcode: int | None
) -> None:
    outcome = read(answered(code, subcode, status, is_transient=True), 3, SENT)

    assert type(outcome) is kind
    assert outcome.receipt.code == code
    assert outcome.receipt.trace_id == "AbC-_1"
    assert outcome.unclassified is (code == 31337)


def test_only_a_code_that_is_not_listed_counts_as_unclassified() -> None:
    flags = {code: getattr(read(answered(code), 1, SENT), "unclassified", False) for code in (1, 4, 368, 100, 31337)}
    assert [code for code, flag in flags.items() if flag] == [31337]


def test_a_refusal_without_a_known_subcode_is_doubtful() -> None:
    doubtful = {sub: read(answered(100, sub), 1, SENT) for sub in (None, 2804003, 2804999)}
    assert {sub: isinstance(o, Refused) and o.doubtful for sub, o in doubtful.items()} == {
        None: True,
        2804003: False,
        2804999: True,
    }


def test_what_the_platform_calls_transient_is_no_refusal() -> None:
    assert isinstance(read(answered(100, 2804003, is_transient=True), 1, SENT), Retry)
    assert isinstance(read(answered(100, 2804003, 500, is_transient=True), 1, SENT), Unknown)
    assert isinstance(read(answered(190, 463, is_transient=True), 1, SENT), Stop)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"events_received": 3, "messages": [], "fbtrace_id": "A"}', Accepted),
        ('{"events_received": 3}', Accepted),
        ('{"events_received": 3, "messages": ["look"]}', Accepted),
        ('{"events_received": 2}', Unknown),
        ('{"events_received": 4}', Unknown),
        ('{"events_received": true}', Unknown),
        ('{"events_received": "3"}', Unknown),
        ('{"events_received": 3.0}', Unknown),
        ('{"events_received": 3, "error": {"code": 190}}', Unknown),
        ('{"events_received": 3, "error": null}', Unknown),
        ("{}", Unknown),
        ("[3]", Unknown),
        ('{"events_rec', Unknown),
        ("", Unknown),
        ("<html></html>", Unknown),
        ("[" * 100_000, Unknown),
    ],
)
def test_only_the_whole_number_received_is_a_success(body: str, kind: type[object]) -> None:
    assert type(read(Answer(200, body.encode()), 3, SENT)) is kind


def test_bytes_that_are_no_text_are_unknown() -> None:
    assert isinstance(read(Answer(200, b"\xff\xfe\x00"), 3, SENT), Unknown)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (201, Unknown),
        (204, Unknown),
        (302, Unknown),
        (400, Retry),
        (413, Refused),
        (429, Retry),
        (500, Unknown),
        (502, Unknown),
    ],
)
@pytest.mark.parametrize("body", [b"<html>", b"", b'{"error": "no"}', b'{"error": {"code": "190"}}'])
def test_an_answer_that_is_not_the_platforms_settles_nothing(status: int, body: bytes, kind: type[object]) -> None:
    outcome = read(Answer(status, body), 3, SENT)
    assert type(outcome) is kind
    assert outcome.receipt.code is None


@pytest.mark.parametrize(("code", "kind"), [(1, Refused), (31337, Refused), (4, Retry), (368, Retry), (190, Stop)])
def test_a_request_that_is_too_big_is_cut_unless_the_platform_says_something_else(
    code: int, kind: type[object]
) -> None:
    outcome = read(answered(code, status=413), 3, SENT)

    assert type(outcome) is kind
    assert not isinstance(outcome, Refused) or outcome.doubtful


WEEK = 7 * 24 * 3600.0


@pytest.mark.parametrize(
    ("retry_after", "usage", "seconds"),
    [
        (None, None, None),
        ("30", None, 30.0),
        ("1.5", None, 1.5),
        ("soon", None, None),
        ("0", None, None),
        ("-5", None, None),
        ("٣٠", None, None),
        ("700000", None, WEEK),
        ("9" * 5000, None, WEEK),
        ("Fri, 20 Nov 2026 12:10:00 GMT", None, 600.0),
        ("Friday, 20-Nov-26 12:10:00 GMT", None, 600.0),
        ("Fri Nov 20 12:10:00 2026", None, 600.0),
        ("Fri, 20 Nov 2026 11:59:00 GMT", None, None),
        ("Fri, 20 Nov 2099 12:00:00 GMT", None, WEEK),
        ("Fri, 20 Nov 99999 12:00:00 GMT", None, None),
        (None, '{"1": [{"estimated_time_to_regain_access": 2.5}]}', 150.0),
        (None, '{"1": [{"estimated_time_to_regain_access": 20000}]}', WEEK),
        (None, '{"1": [{"estimated_time_to_regain_access": 1e400}]}', WEEK),
        (None, '{"1": [{"estimated_time_to_regain_access": %s}]}' % ("9" * 400), WEEK),
        (None, '{"1": [{"estimated_time_to_regain_access": NaN}, {"estimated_time_to_regain_access": true}]}', None),
        (None, '{"1": [{"estimated_time_to_regain_access": 2}, {"estimated_time_to_regain_access": 0}]}', 120.0),
        ("300", '{"1": [{"estimated_time_to_regain_access": 2}]}', 300.0),
        ("30", "{broken", 30.0),
        (None, '{"1": "no list", "2": [1]}', None),
    ],
)
def test_the_platform_says_how_long_to_stay_away(
    retry_after: str | None, usage: str | None, seconds: float | None
) -> None:
    body = answered(4).body
    outcome = read(Answer(400, body, retry_after, usage, date="Fri, 20 Nov 2026 12:00:00 GMT"), 1, SENT)
    assert isinstance(outcome, Retry)
    assert outcome.after_seconds == seconds


@pytest.mark.parametrize("status", [200, 302, 429, 500, 503])
@pytest.mark.parametrize("body", [b"<html>", answered(2).body, answered(31337).body])
def test_every_answer_after_which_one_tries_again_may_name_a_wait(status: int, body: bytes) -> None:
    outcome = read(Answer(status, body, "600"), 3, SENT)
    assert isinstance(outcome, Retry | Unknown)
    assert outcome.after_seconds == 600.0


def test_a_date_in_an_answer_without_one_of_its_own_is_compared_with_our_clock() -> None:
    in_an_hour = formatdate(time.time() + 3600, usegmt=True)
    outcome = read(Answer(503, b"", in_an_hour), 3, SENT)
    assert isinstance(outcome, Unknown)
    assert 3500 < (outcome.after_seconds or 0.0) <= 3600


def test_a_block_is_a_long_wait() -> None:
    outcome = read(answered(368), 1, SENT)
    assert isinstance(outcome, Retry)
    assert outcome.after_seconds == 3600.0
    longer = read(Answer(400, answered(368).body, "7200"), 1, SENT)
    assert isinstance(longer, Retry)
    assert longer.after_seconds == 7200.0


def test_a_trace_id_that_is_none_is_not_kept() -> None:
    outcome = read(answered(1, fbtrace_id="person@example.com"), 1, SENT)
    assert outcome.receipt.trace_id is None


@pytest.mark.parametrize(
    ("code", "subcode", "names"),
    [(190, 463, "WAYBILL_META_ACCESS_TOKEN"), (100, 33, "WAYBILL_META_DATASET_ID"), (2635, None, "api_version")],
)
def test_a_stop_says_what_to_do(code: int, subcode: int | None, names: str) -> None:
    outcome = read(answered(code, subcode), 1, SENT)
    assert isinstance(outcome, Stop)
    assert names in outcome.advice
