"""The official SDK posts to the emulator over HTTP and is answered as Meta answers it, good news and bad."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from capi_param_builder import ParamBuilder
from facebook_business import FacebookAdsApi
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.app_data import AppData
from facebook_business.adobjects.serverside.content import Content
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.delivery_category import DeliveryCategory
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.event_request_async import EventRequestAsync
from facebook_business.adobjects.serverside.extended_device_info import ExtendedDeviceInfo
from facebook_business.adobjects.serverside.gender import Gender
from facebook_business.adobjects.serverside.http_service_interface import HttpServiceInterface
from facebook_business.adobjects.serverside.messaging_channel import MessagingChannel
from facebook_business.adobjects.serverside.original_event_data import OriginalEventData
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.crashreporter import CrashReporter
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

DATASET, TOKEN = "1234567890", "made-up-token"
NOW = int(datetime(2026, 11, 21, 8, 15, tzinfo=UTC).timestamp())
DAY = 86_400

MakeEvent = Callable[..., Event]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def everything_a_person_may_say() -> UserData:
    return UserData(
        emails=["jane@example.com", "j.doe@example.com"],
        phones=["+1 (202) 555-0142"],
        first_name="Jane",
        last_name="Doe",
        gender=Gender.FEMALE,
        date_of_birth="19970216",
        city="Springfield",
        state="il",
        zip_code="62701",
        country_code="us",
        external_id="customer-1",
        client_ip_address="203.0.113.9",
        client_user_agent="Mozilla/5.0",
        fbc="fb.1.1795165200000.AbC-dEf",
        fbp="fb.1.1795165200000.4242",
    )


GOOD: dict[str, dict[str, Any]] = {
    "website purchase": {
        "user_data": everything_a_person_may_say(),
        "custom_data": CustomData(
            value=20,
            currency="EUR",
            order_id="1",
            content_type="product",
            contents=[Content(product_id="p1", quantity=2, item_price=10, delivery_category=DeliveryCategory.CURBSIDE)],
            num_items=2,
            net_revenue=7.5,
            predicted_ltv=99.9,
            custom_properties={"customer_segmentation": "new_customer_to_business"},
        ),
    },
    "website lead": {"event_name": "Lead", "custom_data": None},
    "store purchase": {
        "action_source": ActionSource.PHYSICAL_STORE,
        "event_source_url": None,
        "event_time": NOW - 61 * DAY,
        "custom_data": CustomData(value=5.0, currency="GBP", order_id="1", item_number="2"),
    },
    "phone purchase": {"action_source": ActionSource.PHONE_CALL, "event_source_url": None},
    "stage in a crm": {
        "event_name": "Sales Opportunity",
        "action_source": ActionSource.SYSTEM_GENERATED,
        "event_source_url": None,
        "user_data": UserData(lead_id="123456789012345"),
        "custom_data": CustomData(custom_properties={"event_source": "crm", "lead_event_source": "Example CRM"}),
    },
    "renewal": {
        "event_name": "SubscriptionRenewed",
        "action_source": ActionSource.SYSTEM_GENERATED,
        "event_source_url": None,
        "user_data": UserData(email="jane@example.com", subscription_id="s-1"),
        "original_event_data": OriginalEventData(event_name="Subscribe", event_time=NOW - 30 * DAY),
    },
    "limited data use": {
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 1,
        "data_processing_options_state": 1000,
        "opt_out": True,
    },
    "chat": {
        "event_source_url": None,
        "action_source": ActionSource.BUSINESS_MESSAGING,
        "messaging_channel": MessagingChannel.WHATSAPP,
        "user_data": UserData(page_id="100200300", ctwa_clid="Abc"),
    },
}

# What the SDK lets through and Meta refuses: (changes, subcode of code 100).
REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "older than 7 days": ({"event_time": NOW - 7 * DAY - 1}, 2804003),
    "older than 62 days in a store": (
        {"action_source": ActionSource.PHYSICAL_STORE, "event_time": NOW - 62 * DAY - 1},
        2804003,
    ),
    "milliseconds": ({"event_time": NOW * 1000}, 2804019),
    "in the future": ({"event_time": NOW + 61}, 2804019),
    "no action source": ({"action_source": None}, 2804019),
    "no page": ({"event_source_url": None}, 2804019),
    "no value": ({"custom_data": CustomData(currency="USD")}, 2804009),
    "no custom data": ({"custom_data": None}, 2804009),
    "a value that is true": ({"custom_data": CustomData(value=True, currency="USD")}, 2804009),
    "no currency": ({"custom_data": CustomData(value=12.5)}, 2804010),
    "no such currency": ({"custom_data": CustomData(value=12.5, currency="abc")}, 2804010),
    "nobody": ({"user_data": None}, 2804050),
    "only a browser": ({"user_data": UserData(client_user_agent="Mozilla/5.0")}, 2804050),
    "only a place": ({"user_data": UserData(city="Springfield", country_code="us")}, 2804050),
    "only a first name and a gender": ({"user_data": UserData(first_name="Jane", gender=Gender.FEMALE)}, 2804050),
    "an md5": ({"user_data": UserData(email="5d41402abc4b2a76b9719d911017c592")}, 2804019),
    "a lead id that is none": ({"user_data": UserData(lead_id="lead-1")}, 2804036),
    "a phone without a version": (
        {
            "action_source": ActionSource.APP,
            "app_data": AppData(extinfo=ExtendedDeviceInfo(ext_info_version="a2", os_version="")),
        },
        2804043,
    ),
    "chat without a channel": ({"action_source": ActionSource.BUSINESS_MESSAGING}, 2804063),
    "chat with a page": (GOOD["chat"] | {"event_source_url": "https://shop.example.com/"}, 2804064),
    "chat about a lead": (GOOD["chat"] | {"event_name": "Lead"}, 2804066),
    "chat on no page": (GOOD["chat"] | {"user_data": UserData(ctwa_clid="Abc")}, 2804116),
}


def refusal(post: Callable[[], Any]) -> FacebookRequestError:
    with pytest.raises(FacebookRequestError) as raised:
        post()
    return raised.value


def test_nothing_reports_to_meta() -> None:
    assert CrashReporter.reporter_instance is None


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD.keys())
def test_what_is_good_is_received(sdk: Any, sdk_event: MakeEvent, changes: dict[str, Any]) -> None:
    answer = sdk.post(sdk_event(1, **changes), sdk_event(2))
    assert (answer.events_received, answer.messages) == (2, [])
    assert answer.fbtrace_id.startswith("A")
    [request] = sdk.emulator.book.requests()
    assert (request.accepted, request.encoding, request.token_place) == (2, "urlencoded", "query")


def test_the_book_holds_what_the_sdk_sent(sdk: Any, sdk_event: MakeEvent) -> None:
    event = sdk_event(1, **GOOD["website purchase"])
    sdk.post(event, test_event_code="TEST1", partner_agent="example")
    [booked] = sdk.emulator.book.events()
    content = booked.content()
    assert sorted(content["user_data"]["em"]) == sorted(map(sha256, ("jane@example.com", "j.doe@example.com")))
    assert content["user_data"]["ph"] == [sha256("12025550142")]
    assert content["user_data"]["external_id"] == ["customer-1"]  # the SDK hashes no external id
    assert content["custom_data"]["currency"] == "eur"
    [request] = sdk.emulator.book.requests()
    assert (request.test_event_code, request.partner_agent) == ("TEST1", "example")
    assert request.warnings == {"external_id_not_hashed": 1}


@pytest.mark.parametrize(("changes", "subcode"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_bad_is_refused_with_metas_subcode(
    sdk: Any, sdk_event: MakeEvent, changes: dict[str, Any], subcode: int
) -> None:
    error = refusal(lambda: sdk.post(sdk_event(1), sdk_event(2, **changes)))
    assert (error.http_status(), error.api_error_code(), error.api_error_subcode()) == (400, 100, subcode)
    assert (error.api_error_type(), error.api_transient_error()) == ("OAuthException", False)
    assert error.body()["error"].keys() >= {"message", "error_user_title", "error_user_msg", "fbtrace_id"}
    assert sdk.emulator.book.events() == []  # the good one of the request neither


def test_a_wrong_token(sdk: Any, sdk_event: MakeEvent) -> None:
    sdk.log_in("another-token")
    error = refusal(lambda: sdk.post(sdk_event()))
    assert (error.http_status(), error.api_error_code(), error.api_error_subcode()) == (401, 190, None)


def test_an_unknown_dataset(sdk: Any, sdk_event: MakeEvent) -> None:
    error = refusal(lambda: sdk.post(sdk_event(), dataset="1111111111"))
    assert (error.http_status(), error.api_error_code(), error.api_error_subcode()) == (400, 100, 33)


def test_a_dead_version(sdk: Any, sdk_event: MakeEvent) -> None:
    sdk.log_in(version="v20.0")
    assert refusal(lambda: sdk.post(sdk_event())).api_error_code() == 2635


def test_a_path_that_is_none(sdk: Any) -> None:
    post = FacebookAdsApi.get_default_api().call
    assert refusal(lambda: post("POST", (DATASET, "eventz"), {"data": []})).api_error_code() == 2500


def test_too_many_events_and_none(sdk: Any, sdk_event: MakeEvent) -> None:
    for events in ([], [sdk_event(number) for number in range(1001)]):
        error = refusal(lambda events=events: sdk.post(*events))
        assert (error.api_error_code(), error.api_error_subcode()) == (100, None)
    assert sdk.post(*[sdk_event(number) for number in range(1000)]).events_received == 1000


def test_a_proof_of_the_app_secret_is_no_obstacle(sdk: Any, sdk_event: MakeEvent) -> None:
    sdk.log_in(app_secret="made-up-secret")
    assert sdk.post(sdk_event()).events_received == 1


def test_what_metas_parameter_builder_makes_is_taken(sdk: Any, sdk_event: MakeEvent) -> None:
    builder = ParamBuilder(["example.com"])
    builder.process_request("shop.example.com", {"fbclid": ["IwAR0-abc_DEF"]}, {})
    made = UserData(fbc=builder.get_fbc(), fbp=builder.get_fbp(), client_user_agent="Mozilla/5.0")
    assert sdk.post(sdk_event(1, user_data=made)).events_received == 1
    assert sdk.emulator.book.events()[0].content()["user_data"]["fbc"].split(".")[3:4] == ["IwAR0-abc_DEF"]


class RequestsClient(HttpServiceInterface):
    """An HTTP client of one's own, as the SDK's readme shows; it also says where the emulator is."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def execute(
        self, url: str, method: str, request_options: Any, headers: dict[str, str], params: dict[str, Any]
    ) -> requests.Response:
        url = url.replace(FacebookSession.GRAPH, self._base_url)
        return requests.request(method, url, json=params, headers=headers, timeout=30)


def test_a_client_of_ones_own(sdk: Any, sdk_event: MakeEvent) -> None:
    sdk.log_out()
    request = EventRequest(
        pixel_id=DATASET,
        events=[sdk_event(1), sdk_event(2)],
        access_token=TOKEN,
        http_client=RequestsClient(sdk.emulator.base_url),
    )
    assert request.execute().json()["events_received"] == 2
    [booked] = sdk.emulator.book.requests()
    assert (booked.token_place, booked.encoding) == ("body", "json")


def test_the_asynchronous_request(sdk: Any, sdk_event: MakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FacebookSession, "GRAPH", sdk.emulator.base_url)
    answer = asyncio.run(EventRequestAsync(pixel_id=DATASET, events=[sdk_event(1), sdk_event(2)]).execute())
    assert answer.events_received == 2
    [booked] = sdk.emulator.book.requests()
    assert (booked.token_place, booked.encoding) == ("body", "urlencoded")
