"""Paths, versions, tokens, encodings and sizes: everything before the events themselves."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

DATASET, TOKEN = "1234567890", "made-up-token"
OTHER_DATASET, OTHER_TOKEN = "9876543210", "another-made-up-token"

Event = Callable[..., dict[str, Any]]


def error_of(answer: requests.Response) -> tuple[int, int, int | None]:
    error = answer.json()["error"]
    assert error["fbtrace_id"].startswith("A")
    return answer.status_code, error["code"], error.get("error_subcode")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v26.0/1234567890/event", (400, 2500, None)),
        ("/1234567890/events", (400, 2500, None)),
        ("/v26.0/shop/events", (400, 2500, None)),
        ("/", (400, 2500, None)),
        ("/v27.0/1234567890/events", (400, 2500, None)),
        ("/v20.0/1234567890/events", (400, 2635, None)),
        ("/v3.0/1234567890/events", (400, 2635, None)),
        ("/v26.0/1111111111/events", (400, 100, 33)),
        ("/v26.0/9876543210/events", (400, 100, 33)),  # it exists, but not for this token
    ],
)
def test_paths(sender: Any, event: Event, path: str, expected: tuple[int, int, int | None]) -> None:
    answer = requests.post(sender.emulator.base_url + path, json={"data": [event()], "access_token": TOKEN}, timeout=30)
    assert error_of(answer) == expected
    assert sender.emulator.book.requests()[-1].accepted == 0


def test_a_version_dies_on_its_day(sender: Any, clock: Any, event: Event) -> None:
    url = sender.url.replace("v26.0", "v25.0")
    clock.at = datetime(2028, 7, 28, 23, 59, tzinfo=UTC)
    body = {"data": [event(event_time=int(clock.at.timestamp()))], "access_token": TOKEN}
    assert requests.post(url, json=body, timeout=30).status_code == 200
    clock.pass_time(minutes=1)
    assert error_of(requests.post(url, json=body, timeout=30)) == (400, 2635, None)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_the_edge_is_write_only(sender: Any, method: str) -> None:
    answer = requests.request(method, sender.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
    assert error_of(answer) == (400, 100, 33)


@pytest.mark.parametrize(
    ("headers", "body", "query", "place"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, {}, {}, "header"),
        ({"Authorization": f"bearer {TOKEN}"}, {"access_token": "wrong"}, {}, "header"),
        ({}, {"access_token": TOKEN}, {}, "body"),
        ({}, {}, {"access_token": TOKEN}, "query"),
    ],
)
def test_where_a_token_may_be(
    sender: Any, event: Event, headers: dict[str, str], body: dict[str, str], query: dict[str, str], place: str
) -> None:
    answer = requests.post(sender.url, json={"data": [event()], **body}, headers=headers, params=query, timeout=30)
    assert answer.status_code == 200
    booked = sender.emulator.book.requests()[-1]
    assert (booked.token_place, booked.token_in_url) == (place, place == "query")
    assert TOKEN not in repr(booked)


def test_a_token_in_the_url_is_noticed_even_when_the_header_has_one(sender: Any) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    requests.post(sender.url, params={"access_token": "x"}, headers=headers, json={"data": []}, timeout=30)
    assert sender.emulator.book.summary()["token_in_url"] == 1


@pytest.mark.parametrize("token", [None, "", "wrong", 17, ["made-up-token"], "\ud800"])
def test_wrong_tokens(sender: Any, event: Event, token: Any) -> None:
    answer = requests.post(sender.url, json={"data": [event()], "access_token": token}, timeout=30)
    assert error_of(answer) == (401, 190, None)
    assert sender.emulator.book.events() == []


def test_each_dataset_has_its_token(sender: Any, event: Event) -> None:
    url = sender.url.replace(DATASET, OTHER_DATASET)
    assert requests.post(url, json={"data": [event()], "access_token": OTHER_TOKEN}, timeout=30).status_code == 200
    assert [one.dataset for one in sender.emulator.book.events()] == [OTHER_DATASET]


def _sdk_sync(events: list[Any]) -> dict[str, Any]:
    """As facebook-business 26.0.3 sends it: urlencoded, ``data`` a JSON list of JSON texts."""
    return {"data": {"data": json.dumps([json.dumps(one) for one in events]), "access_token": TOKEN}}


@pytest.mark.parametrize(
    ("encoding", "make"),
    [
        ("json", lambda events: {"json": {"data": events, "access_token": TOKEN}}),
        ("json", lambda events: {"json": {"access_token": TOKEN, "data": json.dumps(events)}}),
        ("urlencoded", _sdk_sync),
        ("urlencoded", lambda events: {"data": {"data": json.dumps(events), "access_token": TOKEN}}),
        (
            "multipart",
            lambda events: {
                "files": {
                    "data": (None, json.dumps(events, ensure_ascii=False).encode()),
                    "access_token": (None, TOKEN),
                }
            },
        ),
    ],
    ids=["json", "json-with-text", "sdk-sync", "sdk-async", "multipart"],
)
def test_encodings(sender: Any, event: Event, encoding: str, make: Callable[[list[Any]], dict[str, Any]]) -> None:
    events = [event(1, custom_data__content_name="Çay  bardağı\r\n\x85 +%&="), event(2)]
    answer = requests.post(sender.url, timeout=30, **make(events))
    assert answer.json()["events_received"] == 2
    assert [one.content() for one in sender.emulator.book.events()] == events
    assert sender.emulator.book.requests()[-1].encoding == encoding


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("", "body_unreadable"),
        ("{", "body_unreadable"),
        ("[]", "body_unreadable"),
        ('{"data": [{}] "x": 1}', "body_unreadable"),
        ('{"data": [{}]} x', "body_unreadable"),
        ('{"data": [NaN]}', "body_unreadable"),
        ('{"data": ' + "[" * 100_000, "body_unreadable"),
        ('{"data": [' + "[" * 100_000 + "]}", "body_unreadable"),
        ("{}", "data_missing"),
        ('{"data": null}', "data_missing"),
        ('{"data": {}}', "data_not_array"),
        ('{"data": "{}"}', "data_not_array"),
        ('{"data": [ ]}', "data_empty"),
        ('{"data": [1]}', "event_not_object"),
        ('{"data": [[]]}', "event_not_object"),
        ('{"data": ["x"]}', "event_not_object"),
        ('{"data": ["\\ud800"]}', "event_not_object"),
        ('{"data": [{}], "partner_agent": "1"}', "partner_agent"),
        ('{"data": [{}], "partner_agent": "a-label-that-is-too-long"}', "partner_agent"),
        ('{"data": [{}], "test_event_code": 1}', "test_event_code_type"),
    ],
)
def test_broken_envelopes(sender: Any, body: str, rule: str) -> None:
    answer = sender.post_raw(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
    assert sender.emulator.book.requests()[-1].rule == rule


@pytest.mark.parametrize(
    ("body", "kind"), [(b"\xff", "application/json"), (b"data=%ff", ""), (b"x", "multipart/form-data")]
)
def test_bytes_that_are_no_text(sender: Any, body: bytes, kind: str) -> None:
    assert error_of(sender.post_raw(body, kind)) == (400, 100, None)


def test_a_request_takes_1000_events_and_not_one_more(sender: Any, event: Event) -> None:
    events = [event(number) for number in range(1001)]
    assert error_of(sender.post(events)) == (400, 100, None)
    assert sender.post(events[:1000]).json()["events_received"] == 1000
    assert [request.accepted for request in sender.emulator.book.requests()] == [0, 1000]


def test_options_are_booked(sender: Any, event: Event) -> None:
    sender.post([event()], test_event_code="TEST1", partner_agent="waybill")
    booked = sender.emulator.book.requests()[-1]
    assert (booked.test_event_code, booked.partner_agent) == ("TEST1", "waybill")
