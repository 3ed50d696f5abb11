"""The platform's own Python SDK, pointed at a running emulator. All people are made up.

Only the address is exchanged (``FacebookSession.GRAPH``); requests, encodings and errors are the SDK's. The crash
reporter is installed by ``FacebookAdsApi.init`` alone, which nothing here calls: it would report to Meta.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from facebook_business import FacebookAdsApi
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.event_response import EventResponse
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.session import FacebookSession

from waybill.emulator import Emulator, running

DATASET = "1234567890"
TOKEN = "made-up-token"
NOW = datetime(2026, 11, 21, 8, 15, tzinfo=UTC)


@dataclass(frozen=True)
class Sdk:
    """What a user of the SDK holds: an API that is logged in, and a way to post."""

    emulator: Emulator

    def log_in(self, token: str = TOKEN, version: str | None = None, app_secret: str | None = None) -> None:
        """Makes an API with this token the SDK's default; the one before is closed."""
        self.log_out()
        session = FacebookSession(app_id="1", app_secret=app_secret, access_token=token, timeout=30)
        session.GRAPH = self.emulator.base_url
        FacebookAdsApi.set_default_api(FacebookAdsApi(session, version))

    @staticmethod
    def log_out() -> None:
        if (api := FacebookAdsApi.get_default_api()) is not None:
            api._session.requests.close()
        FacebookAdsApi.set_default_api(None)

    @staticmethod
    def post(*events: Event, dataset: str = DATASET, **options: Any) -> EventResponse:
        """Sends events in one request; FacebookRequestError when they are refused."""
        return EventRequest(pixel_id=dataset, events=list(events), **options).execute()


def make_event(number: int = 1, **changes: Any) -> Event:
    """A good website Purchase in the SDK's classes; ``changes`` replace arguments, None leaves one out."""
    given: dict[str, Any] = {
        "event_name": "Purchase",
        "event_time": int(NOW.timestamp()) - 600,
        "event_id": f"purchase_{number}",
        "action_source": ActionSource.WEBSITE,
        "event_source_url": "https://shop.example.com/thanks",
        "user_data": UserData(email=f"Buyer{number}@Example.com ", client_user_agent="Mozilla/5.0"),
        "custom_data": CustomData(value=12.5, currency="USD", order_id=str(number)),
        **changes,
    }
    return Event(**{name: value for name, value in given.items() if value is not None})


@pytest.fixture(scope="session")
def sdk_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One server for all tests; its clock stands still."""
    book = tmp_path_factory.mktemp("sdk") / "book.sqlite"
    with running(book, {DATASET: TOKEN}, now=lambda: NOW) as emulator:
        yield emulator


@pytest.fixture
def sdk(sdk_emulator: Emulator) -> Iterator[Sdk]:
    """The SDK, logged in at an emulator whose book is empty."""
    sdk_emulator.reset()
    sdk = Sdk(sdk_emulator)
    sdk.log_in()
    yield sdk
    sdk.log_out()


@pytest.fixture
def sdk_event() -> Callable[..., Event]:
    return make_event
