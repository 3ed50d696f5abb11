"""``waybill probe``: token and dataset are proved by a request that creates nothing."""

import pytest
from office import FILE_ONLY, TOKEN, Office
from scripted import Reply, Scripted, accepted, error
from shell import Shell

from waybill.emulator import Emulator

pytestmark = FILE_ONLY


def test_a_ready_destination_says_so_and_has_no_event_afterwards(office: Office, emulator: Emulator) -> None:
    answer = Shell(office).waybill("probe")
    assert answer.code == 0, answer.err
    assert "meta/main  reachable: yes · token accepted: yes · dataset accepted: yes" in answer.out
    (request,) = emulator.book.requests()
    assert (request.status, request.code, request.subcode, request.test_event_code) == (400, 100, 2804019, None)
    assert emulator.book.events() == []
    assert not office.home.ledger_file.exists()


@pytest.mark.parametrize(
    ("changes", "found", "advice"),
    [
        ({"WAYBILL_META_ACCESS_TOKEN": "another-token"}, [True, False, None], "make a new access token"),
        ({"WAYBILL_META_DATASET_ID": "42"}, [True, True, False], "names the right dataset"),
    ],
    ids=["token", "dataset"],
)
def test_what_is_wrong_is_named(office: Office, changes: dict[str, str], found: list[bool | None], advice: str) -> None:
    answer = Shell(office).waybill("probe", "--destination", "meta", "--json", **changes)
    (told,) = answer.json["meta"]
    assert [told[name] for name in ("is_reached", "is_token_accepted", "is_dataset_accepted")] == found
    assert (answer.code, advice in told["advice"]) == (2, True)
    assert "would not take events now" in answer.err


@pytest.mark.parametrize(
    ("reply", "found", "code"),
    [
        (error(100), [True, True, None], 2),
        (error(100, 33), [True, True, False], 2),
        (error(200, status=403), [True, True, False], 2),
        (error(190, 463, status=401), [True, False, None], 2),
        (error(2635), [True, None, None], 2),
        (error(4, status=403), [True, None, None], 3),
        (error(100, 2804003), [True, True, True], 0),
        (Reply(status=502), [True, None, None], 3),
    ],
    ids=["doubtful", "no dataset", "permission", "expired", "version", "throttled", "too old", "gateway"],
)
def test_each_answer_of_the_platform(
    scripted_office: Office, platform: Scripted, reply: Reply, found: list[bool | None], code: int
) -> None:
    platform.script = lambda call: reply
    answer = Shell(scripted_office).waybill("probe", "--json")
    (told,) = answer.json["meta"]
    assert [told[name] for name in ("is_reached", "is_token_accepted", "is_dataset_accepted")] == found
    assert answer.code == code
    assert len(platform.calls) == 1
    assert TOKEN not in answer.out + answer.err


def test_nothing_listens(scripted_office: Office) -> None:
    scripted_office.change(base_url="http://127.0.0.1:9")  # the discard port: nothing listens
    answer = Shell(scripted_office).waybill("probe")
    assert (answer.code, "cannot answer now" in answer.err) == (3, True)
    assert "reachable: no" in answer.out


def test_a_probe_that_is_taken_is_no_good_news(scripted_office: Office, platform: Scripted) -> None:
    platform.script = accepted
    answer = Shell(scripted_office).waybill("probe")
    assert (answer.code, "took an event that it should refuse" in answer.out) == (2, True)
