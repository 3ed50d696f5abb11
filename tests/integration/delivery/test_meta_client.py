"""Meta's client on the wire, against a server that misbehaves on purpose."""

import gzip
import json
import logging
import threading
from pathlib import Path

import pytest
from office import DATASET, TOKEN
from pydantic import ValidationError
from scripted import UNBELIEVABLE, Call, Reply, Scripted, accepted

from waybill.declared import Dataset, DestinationSettings
from waybill.destinations.base import Accepted, Batch, Outcome, Retry, Unknown
from waybill.destinations.meta.client import MetaClient
from waybill.errors import ConfigurationError

PAYLOADS = ['{"event_id": "a",  "n":1.50}', '{"event_id":"ü"}', '{"event_id":"c"}']


def client_for(url: str, **changes: object) -> MetaClient:
    datasets = {"main": Dataset(dataset_id=DATASET, access_token=TOKEN)}
    return MetaClient(DestinationSettings.model_validate({"base_url": url, "datasets": datasets, **changes}))


def send(client: MetaClient) -> Outcome:
    return client.send(Batch(Dataset(dataset_id=DATASET, access_token=TOKEN), PAYLOADS))


def test_the_request_is_the_frozen_texts_in_an_envelope(platform: Scripted) -> None:
    outcome = send(client_for(platform.url, test_event_code="TEST1", partner_agent="acme_1_0"))

    (call,) = platform.calls
    assert call.path == f"/v26.0/{DATASET}/events"
    assert (
        call.body.decode()
        == '{"data":[' + ",".join(PAYLOADS) + '],"partner_agent":"acme_1_0","test_event_code":"TEST1"}'
    )
    assert call.headers["Authorization"] == f"Bearer {TOKEN}"
    assert call.headers["Content-Type"] == "application/json"
    assert isinstance(outcome, Accepted)
    assert outcome.receipt.events_received == 3
    assert outcome.receipt.trace_id == "Atrace"
    assert outcome.receipt.request_bytes == len(call.body)


def test_a_plain_request_names_no_test(platform: Scripted) -> None:
    send(client_for(platform.url))
    body = json.loads(platform.calls[0].body)
    assert set(body) == {"data", "partner_agent"}
    assert body["partner_agent"] == "waybill"


@pytest.mark.parametrize("agent", ["w", "1ab", "a-label-of-23-character", "with space"])
def test_a_label_that_the_platform_would_refuse_is_refused_here(agent: str) -> None:
    with pytest.raises(ValidationError, match="partner_agent"):
        DestinationSettings(partner_agent=agent)


@pytest.mark.parametrize("reply", UNBELIEVABLE.values(), ids=UNBELIEVABLE)
def test_what_cannot_be_believed_is_unknown(platform: Scripted, reply: Reply) -> None:
    platform.script = lambda call: reply
    assert isinstance(send(client_for(platform.url)), Unknown)


def test_an_answer_that_was_compressed_although_nobody_asked_is_read(platform: Scripted) -> None:
    def script(call: Call) -> Reply:
        return Reply(body=gzip.compress(accepted(call).body), headers={"Content-Encoding": "gzip"})

    platform.script = script
    assert isinstance(send(client_for(platform.url)), Accepted)
    platform.script = lambda call: Reply(body=b"not gzip at all", headers={"Content-Encoding": "gzip"})
    assert isinstance(send(client_for(platform.url)), Unknown)


def test_a_redirect_is_not_followed(platform: Scripted) -> None:
    platform.script = lambda call: Reply(307, headers={"Location": f"{platform.url}/elsewhere"})
    send(client_for(platform.url))
    assert [call.path for call in platform.calls] == [f"/v26.0/{DATASET}/events"]


def test_neither_netrc_nor_proxies_come_between(
    platform: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert isinstance(send(client_for(platform.url)), Accepted)
    assert platform.calls[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_no_connection_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    outcome = send(client_for("http://127.0.0.1:9"))

    assert isinstance(outcome, Retry)
    assert TOKEN not in repr(outcome) and TOKEN not in caplog.text


def test_an_answer_that_takes_too_long_is_unknown(platform: Scripted) -> None:
    held = threading.Event()
    platform.script = lambda call: Reply(hold=held)

    outcome = send(client_for(platform.url, timeout_seconds=0.1))

    held.set()
    assert isinstance(outcome, Unknown)


def test_an_answer_that_trickles_is_given_up(platform: Scripted) -> None:
    platform.script = lambda call: Reply(body=b'{"events_received": 3', trickle=True)
    assert isinstance(send(client_for(platform.url, timeout_seconds=0.2)), Unknown)


@pytest.mark.parametrize(
    "endless",
    [(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"), (b"", b"HTTP/1.1 100 Continue\r\n\r\n")],
    ids=["in its head", "before it"],
)
def test_an_answer_that_never_begins_is_given_up(platform: Scripted, endless: tuple[bytes, bytes]) -> None:
    platform.script = lambda call: Reply(endless=endless)
    client = client_for(platform.url, timeout_seconds=1)
    assert isinstance(send(client), Unknown)
    platform.script = accepted
    assert isinstance(send(client), Accepted)


def test_an_answer_whose_end_trickles_is_read(platform: Scripted) -> None:
    whole = accepted(Call("", {}, json.dumps({"data": [{}] * 3}).encode())).body
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n" % (len(whole), whole)
    platform.script = lambda call: Reply(endless=(head, b"X-Slow: a\r\n"))
    # It is cut after twice that, and what was read until then counts: a busy machine must have read it.
    assert isinstance(send(client_for(platform.url, timeout_seconds=3)), Accepted)


def test_an_endless_answer_is_cut(platform: Scripted) -> None:
    platform.script = lambda call: Reply(body=b" " * 3_000_000)
    assert isinstance(send(client_for(platform.url)), Unknown)


def test_one_connection_serves_many_requests(platform: Scripted) -> None:
    seen: set[str] = set()

    def script(call: Call) -> Reply:
        seen.add(threading.current_thread().name)  # a thread of the server is a connection
        return accepted(call)

    platform.script = script
    client = client_for(platform.url)
    for _ in range(3):
        send(client)
    assert len(seen) == 1


@pytest.mark.parametrize("token", ["two words", "ends\n", "ünicode", "tab\t"])
def test_a_token_that_no_header_can_carry_is_refused_unquoted(token: str) -> None:
    datasets = {"main": Dataset(dataset_id=DATASET, access_token=token)}
    with pytest.raises(ConfigurationError) as refused:
        MetaClient(DestinationSettings(datasets=datasets))
    assert token not in str(refused.value)
