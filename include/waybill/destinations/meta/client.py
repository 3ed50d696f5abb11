"""Posting one batch to Meta's Conversions API.

The body is put together from the frozen texts, never rendered again, so that a repeat is byte-identical. The token
travels in the Authorization header only: an URL ends in logs of proxies and servers.
"""

import json
import logging
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import requests
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, SSLError

from waybill.declared import Dataset, DestinationSettings
from waybill.destinations.base import Batch, Capabilities, Outcome, Receipt, Retry, Unknown
from waybill.destinations.connections import CuttableAdapter, cut_after
from waybill.destinations.meta import answers
from waybill.errors import ConfigurationError

LOG = logging.getLogger(__name__)

_USER_AGENT: Final = "waybill"

CAPABILITIES: Final = Capabilities(
    batch_size=1000,
    request_bytes=1_000_000,  # Meta documents no limit; this is a plan, not a promise of theirs
    dedup_window=timedelta(hours=48),
    dedup_windows={"store_purchase": timedelta(days=7)},  # offline events merge with offline events only
)
"""developers.facebook.com/docs/marketing-api/conversions-api/using-the-api and /deduplicate-pixel-and-server-events."""

_CONNECT_SECONDS = 10.0
_LARGEST_ANSWER = 1_000_000


class MetaClient:
    """Sends batches to the datasets of one destination; one connection per thread, kept open between batches."""

    capabilities = CAPABILITIES

    def __init__(self, settings: DestinationSettings) -> None:
        for name, dataset in settings.datasets.items():
            _check_token(name, dataset)
        self._root = f"{settings.base_url}/{settings.api_version}"
        self._timeout = settings.timeout_seconds
        self._tail = _tail(settings)
        self._of_thread = threading.local()

    def send(self, batch: Batch) -> Outcome:
        """Posts one batch and says what came of it; never raises for what the network or the platform does."""
        body = request_body(batch.payloads, self._tail)
        sent = Receipt(request_bytes=len(body))
        started = time.monotonic()
        try:
            with cut_after(2 * self._timeout):
                answer = self._post(batch.dataset, body)
        except (requests.RequestException, HTTPError) as error:
            outcome = _no_answer(error, sent)
        else:
            outcome = answers.read(answer, len(batch.payloads), sent)
        took = round((time.monotonic() - started) * 1000)
        return replace(outcome, receipt=replace(outcome.receipt, duration_ms=took))

    def _post(self, dataset: Dataset, body: bytes) -> answers.Answer:
        """One request, no redirect followed."""
        with self._session().post(
            f"{self._root}/{dataset.dataset_id}/events",
            data=body,
            headers={"Authorization": f"Bearer {dataset.access_token.get_secret_value()}"},
            timeout=(min(_CONNECT_SECONDS, self._timeout), self._timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            body_read = _read(response.raw)
            if warning := response.headers.get("X-Ad-Api-Version-Warning"):
                LOG.warning("Meta warns about the API version (X-Ad-Api-Version-Warning, %d characters)", len(warning))
            return answers.Answer(
                status=response.status_code,
                body=body_read,
                retry_after=response.headers.get("Retry-After"),
                usage=response.headers.get("X-Business-Use-Case-Usage"),
                date=response.headers.get("Date"),
            )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False  # a ~/.netrc would replace the token, a proxy variable would see it
            for scheme in ("https://", "http://"):
                session.mount(scheme, CuttableAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
            session.headers.update(
                {
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": _USER_AGENT,
                }
            )
            self._of_thread.session = session
        return session


def request_body(payloads: Sequence[str], tail: str) -> bytes:
    """The body of a request: the payload texts as they are, inside the envelope."""
    return f'{{"data":[{",".join(payloads)}]{tail}}}'.encode()


def _tail(settings: DestinationSettings) -> str:
    """What a request says beside its events: whose integration it is and, in a test, the code of the test."""
    code = f',"test_event_code":{json.dumps(settings.test_event_code)}' if settings.test_event_code else ""
    return f',"partner_agent":{json.dumps(settings.partner_agent)}{code}'


def _check_token(name: str, dataset: Dataset) -> None:
    """Refuses a token that no header can carry, before a library quotes it in an error."""
    token = dataset.access_token.get_secret_value()
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise ConfigurationError(
            f"The access token of dataset {name!r} holds a space, a line end or another character that no token of "
            "Meta holds. Set it again, without what a copy may have added."
        )


def _read(raw: Any) -> bytes:
    """The body of an answer, as far as an answer of the platform can be long."""
    received = bytearray()
    while part := raw.read1(64 * 1024, decode_content=True):  # a proxy may compress what was not to be
        received += part
        if len(received) > _LARGEST_ANSWER:
            raise requests.ReadTimeout("the answer is too long")
    return bytes(received)


def _no_answer(error: requests.RequestException | HTTPError, sent: Receipt) -> Outcome:
    """Retry when no connection came about, unknown otherwise: the request, or a part of it, may have left."""
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError):
        return Retry("no connection", sent)
    if isinstance(reason, SSLError) and any(isinstance(cause, ssl.SSLCertVerificationError) for cause in reason.args):
        return Retry("the server's certificate is not trusted", sent)
    return Unknown(f"no answer ({type(error).__name__})", sent)
