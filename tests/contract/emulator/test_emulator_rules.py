"""Every rule about events, from both sides: what is refused, with which code, and what is accepted.

Over 300 lines because it is one table, which reads best in one place.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

NOW = int(datetime(2026, 11, 21, 8, 15, tzinfo=UTC).timestamp())
DAY = 86_400
HASH = "a1" * 32

INVALID, TOO_OLD, NO_VALUE, NO_CURRENCY, BROAD_ID, BAD_LEAD = (
    2804019,
    2804003,
    2804009,
    2804010,
    2804050,
    2804036,
)


def users(**identifiers: Any) -> dict[str, Any]:
    """The change that leaves exactly these identifiers."""
    return {"user_data": identifiers}


CRM = {"source": "system_generated", "event_name": "Qualified", "custom_data__event_source": "crm"}
CHAT = {
    "source": "business_messaging",
    "messaging_channel": "whatsapp",
    "user_data": {"page_id": "100200300", "ctwa_clid": "Abc"},
}
APP = {"source": "app", "app_data": {"extinfo": ["a2", "", "", "", "14"] + [""] * 11}}

REFUSED: list[tuple[dict[str, Any], str, int]] = [
    # What every event needs.
    ({"event_name": ...}, "event_name", INVALID),
    ({"event_name": "  "}, "event_name", INVALID),
    ({"event_name": 7}, "event_name", INVALID),
    ({"event_name": "\ud800"}, "event_name", INVALID),
    ({"event_time": ...}, "event_time", INVALID),
    ({"event_time": str(NOW)}, "event_time", INVALID),
    ({"event_time": float(NOW)}, "event_time", INVALID),
    ({"event_time": True}, "event_time", INVALID),
    ({"event_time": NOW * 1000}, "event_time", INVALID),
    ({"event_time": NOW + 61}, "event_time_in_future", INVALID),
    ({"event_time": NOW - 7 * DAY - 1}, "event_time_too_old", TOO_OLD),
    ({"event_time": 0}, "event_time_too_old", TOO_OLD),
    ({"source": "phone_call", "event_time": NOW - 7 * DAY - 1}, "event_time_too_old", TOO_OLD),
    ({"source": "physical_store", "event_time": NOW - 62 * DAY - 1}, "event_time_too_old", TOO_OLD),
    ({"action_source": ...}, "action_source", INVALID),
    ({"action_source": "Website"}, "action_source", INVALID),
    ({"action_source": ["website"]}, "action_source", INVALID),
    ({"event_source_url": ...}, "event_source_url_missing", INVALID),
    ({"event_source_url": "shop.example.com/thanks"}, "event_source_url", INVALID),
    ({"event_source_url": "ftp://shop.example.com/"}, "event_source_url", INVALID),
    ({"event_source_url": "https://"}, "event_source_url", INVALID),
    ({"source": "email", "event_source_url": "x"}, "event_source_url", INVALID),
    ({"referrer_url": 1}, "referrer_url", INVALID),
    ({"event_id": 17}, "event_id", INVALID),
    ({"event_id": ""}, "event_id", INVALID),
    ({"opt_out": "true"}, "opt_out", INVALID),
    ({"original_event_data": []}, "original_event_data_type", INVALID),
    ({"original_event_data": {"event_name": " "}}, "original_event_data", INVALID),
    ({"original_event_data": {"event_time": str(NOW)}}, "original_event_data", INVALID),
    ({"original_event_data": {"event_time": NOW * 1000}}, "original_event_data", INVALID),
    ({"original_event_data": {"order_id": 17}}, "original_event_data", INVALID),
    ({"original_event_data": {"event_id": None}}, "original_event_data", INVALID),
    # Money.
    ({"custom_data": ...}, "value", NO_VALUE),
    ({"custom_data": []}, "custom_data_type", INVALID),
    ({"custom_data__value": ...}, "value", NO_VALUE),
    ({"custom_data__value": -0.01}, "value", NO_VALUE),
    ({"custom_data__value": True}, "value", NO_VALUE),
    ({"custom_data__value": "12,50"}, "value", NO_VALUE),
    ({"custom_data__value": "NaN"}, "value", NO_VALUE),
    ({"custom_data__currency": ...}, "currency", NO_CURRENCY),
    ({"custom_data__currency": "US"}, "currency", NO_CURRENCY),
    ({"custom_data__currency": "XXX"}, "currency", NO_CURRENCY),
    ({"custom_data__currency": 840}, "currency", NO_CURRENCY),
    ({"event_name": "Lead", "custom_data__value": "much"}, "value", INVALID),
    ({"event_name": "Lead", "custom_data__currency": "ZZZ"}, "currency", INVALID),
    ({"event_name": "Subscribe", "custom_data__predicted_ltv": "much"}, "predicted_ltv", INVALID),
    ({"event_name": "Subscribe", "custom_data__predicted_ltv": -1}, "predicted_ltv", INVALID),
    ({"custom_data__net_revenue": [7.5]}, "net_revenue", INVALID),
    ({"custom_data__net_revenue": True}, "net_revenue", INVALID),
    # Identity: nothing, or something too broad.
    ({"user_data": ...}, "user_data_missing", BROAD_ID),
    ({"user_data": []}, "user_data_type", INVALID),
    (users(), "identity_too_broad", BROAD_ID),
    (users(em=None), "identity_too_broad", BROAD_ID),
    (users(em=[]), "identity_too_broad", BROAD_ID),
    (users(client_user_agent="UA"), "identity_too_broad", BROAD_ID),
    (users(country=HASH, client_user_agent="UA"), "identity_too_broad", BROAD_ID),
    (
        users(ct=HASH, country=HASH, st=HASH, zp=HASH, ge=HASH, client_user_agent="UA"),
        "identity_too_broad",
        BROAD_ID,
    ),
    (users(db=HASH, client_user_agent="UA"), "identity_too_broad", BROAD_ID),
    (users(fn=HASH, ge=HASH), "identity_too_broad", BROAD_ID),
    (users(ln=HASH, ge=HASH), "identity_too_broad", BROAD_ID),
    (users(fn=HASH), "identity_too_broad", BROAD_ID),
    (users(unheard_of="x"), "identity_too_broad", BROAD_ID),
    # The shapes of identifiers.
    ({"user_data__em": "buyer@example.com"}, "hash_shape", INVALID),
    ({"user_data__em": [HASH, "buyer@example.com"]}, "hash_shape", INVALID),
    ({"user_data__ph": "12025550123"}, "hash_shape", INVALID),
    ({"user_data__em": HASH.upper()}, "hash_shape", INVALID),
    ({"user_data__em": HASH[:32]}, "hash_shape", INVALID),
    ({"user_data__em": HASH + ".abc"}, "hash_shape", INVALID),
    ({"user_data__em": HASH + "\n"}, "hash_shape", INVALID),
    ({"user_data__em": {"0": HASH}}, "hash_shape", INVALID),
    ({"user_data__em": [None]}, "hash_shape", INVALID),
    ({"user_data__external_id": [" "]}, "external_id_shape", INVALID),
    ({"user_data__external_id": 17}, "external_id_shape", INVALID),
    ({"user_data__fbc": "IwAR0abc"}, "fbc_shape", INVALID),
    ({"user_data__fbc": "fb.1.1760000000.IwAR0abc"}, "fbc_shape", INVALID),
    ({"user_data__fbc": "fb.1.1760000000000.IwAR0abc."}, "fbc_shape", INVALID),
    ({"user_data__fbc": ["fb.1.1760000000000.IwAR0abc"]}, "fbc_shape", INVALID),
    ({"user_data__fbp": "fb.1.1760000000000"}, "fbp_shape", INVALID),
    ({"user_data__client_ip_address": "203.0.113.7 "}, "ip_shape", INVALID),
    ({"user_data__client_ip_address": "203.0.113.777"}, "ip_shape", INVALID),
    ({"user_data__client_ip_address": "10.0.0.7"}, "ip_shape", INVALID),
    ({"user_data__client_ip_address": "127.0.0.1"}, "ip_shape", INVALID),
    ({"user_data__client_ip_address": "fe80::1"}, "ip_shape", INVALID),
    ({"user_data__client_ip_address": 3405803783}, "ip_shape", INVALID),
    ({"user_data__client_user_agent": ["UA"]}, "identifier_shape", INVALID),
    ({"user_data__madid": True}, "identifier_shape", INVALID),
    ({"user_data__subscription_id": 17}, "identifier_shape", INVALID),
    ({"user_data__page_id": 1.5}, "identifier_shape", INVALID),
    ({"user_data__lead_id": True}, "lead_id_shape", BAD_LEAD),
    ({"user_data__lead_id": ["123456789012345"]}, "lead_id_shape", BAD_LEAD),
    ({"user_data__fb_login_id": "abc"}, "fb_login_id_shape", INVALID),
    ({"user_data__lead_id": 12345678901234}, "lead_id_shape", BAD_LEAD),
    ({"user_data__lead_id": "123456789012345678"}, "lead_id_shape", BAD_LEAD),
    ({"user_data__lead_id": "lead_123456789012"}, "lead_id_shape", BAD_LEAD),
    # Products and orders.
    ({"custom_data__contents": {"id": "p"}}, "contents_type", INVALID),
    ({"custom_data__contents": ["p1"]}, "contents_type", INVALID),
    ({"custom_data__contents": [{"quantity": 1}]}, "contents_id", INVALID),
    ({"custom_data__contents": [{"id": "", "quantity": 1}]}, "contents_id", INVALID),
    ({"custom_data__contents": [{"id": "p1"}]}, "contents_quantity", INVALID),
    ({"custom_data__contents": [{"id": "p1", "quantity": 0}]}, "contents_quantity", INVALID),
    ({"custom_data__contents": [{"id": "p1", "quantity": "1"}]}, "contents_quantity", INVALID),
    (
        {"custom_data__contents": [{"id": "p1", "quantity": 1, "item_price": -1}]},
        "contents_item_price",
        INVALID,
    ),
    (
        {"custom_data__contents": [{"id": "p1", "quantity": 1, "delivery_category": "drone"}]},
        "delivery_category",
        INVALID,
    ),
    ({"custom_data__content_ids": "p1"}, "content_ids", INVALID),
    ({"custom_data__num_items": "2"}, "num_items", INVALID),
    ({"custom_data__delivery_category": "drone"}, "delivery_category", INVALID),
    ({"custom_data__store_data": "X1"}, "store_data_type", INVALID),
    ({"custom_data__order_id": 17}, "order_id", INVALID),
    ({"custom_data__item_number": 1}, "item_number", INVALID),
    ({"custom_data__customer_segmentation": "regular"}, "customer_segmentation", INVALID),
    ({"customer_segmentation": ["new_customer_to_business"]}, "customer_segmentation", INVALID),
    # Data processing options.
    ({"data_processing_options": "LDU"}, "data_processing_options", INVALID),
    ({"data_processing_options": ["ldu"]}, "data_processing_options", INVALID),
    ({"data_processing_options": ["LDU"]}, "data_processing_options_place", INVALID),
    (
        {"data_processing_options": ["LDU"], "data_processing_options_state": 1000},
        "data_processing_options_place",
        INVALID,
    ),
    (
        {"data_processing_options": ["LDU"], "data_processing_options_country": 2},
        "data_processing_options_place",
        INVALID,
    ),
    (
        {
            "data_processing_options": ["LDU"],
            "data_processing_options_country": 1,
            "data_processing_options_state": 1014,
        },
        "data_processing_options_place",
        INVALID,
    ),
    # CRM, messaging, app.
    (CRM, "crm_lead_event_source", INVALID),
    (
        CRM | {"event_name": "Purchase", "custom_data__lead_event_source": "CRM", "custom_data__value": ...},
        "value",
        NO_VALUE,
    ),
    (CRM | {"custom_data__lead_event_source": "CRM", "user_data__lead_id": "17"}, "lead_id_shape", BAD_LEAD),
    (CRM | {"source": "website", "custom_data__lead_event_source": "CRM"}, "crm_action_source", INVALID),
    (CHAT | {"messaging_channel": ...}, "messaging_channel_missing", 2804063),
    (CHAT | {"messaging_channel": "sms"}, "messaging_channel", INVALID),
    (CHAT | {"user_data__client_ip_address": "203.0.113.7"}, "not_with_business_messaging", 2804064),
    (CHAT | {"event_source_url": "https://shop.example.com/"}, "not_with_business_messaging", 2804064),
    (CHAT | {"event_name": "Lead"}, "event_name_for_messaging", 2804066),
    (CHAT | {"user_data": {"ctwa_clid": "Abc"}}, "page_id_missing", 2804116),
    (APP | {"app_data": ...}, "app_extinfo", 2804043),
    (APP | {"app_data": {"extinfo": ["a2", "", "", "", ""] + [""] * 11}}, "app_extinfo", 2804043),
    (APP | {"app_data": {"extinfo": ["a2", "", "", "", "14"]}}, "app_extinfo", 2804043),
]

ACCEPTED: list[dict[str, Any]] = [
    {},
    {"event_time": NOW + 60},
    {"event_time": NOW - 7 * DAY},
    {"source": "physical_store", "event_time": NOW - 62 * DAY},
    *({"source": s} for s in ("email", "phone_call", "chat", "system_generated", "other")),
    {"event_source_url": "HTTP://shop.example.com?a=ü"},
    {"referrer_url": "android-app://com.example.search", "opt_out": True},
    {"event_id": None, "referrer_url": None, "opt_out": None, "original_event_data": None},
    {"original_event_data": {}},
    {
        "event_name": "SubscriptionRenewed",
        "source": "system_generated",
        "original_event_data": {
            "event_name": "Subscribe",
            "event_time": NOW - 400 * DAY,
            "event_id": "x",
            "order_id": "1",
        },
        "user_data__subscription_id": "s-1",
    },
    {"event_name": "Subscribe", "custom_data__predicted_ltv": 0, "custom_data__net_revenue": -7.25},
    {"event_name": "StartTrial", "custom_data": {"predicted_ltv": "99.90", "currency": "EUR"}},
    {"original_event_data": {"event_id": "x"}, "attribution_data": {"scope": "click"}},
    {"event_name": "Подписка"},
    {"custom_data__value": 0},
    {"custom_data__value": "142.52"},
    {"custom_data__currency": "jpy"},
    {"event_name": "Lead", "custom_data": ...},
    {"event_name": "purchase", "custom_data": ...},
    {"custom_data__anything": {"else": [1, 2]}},
    {"custom_data__note": "buyer@example.com"},
    users(fn=HASH, ln=HASH),
    users(db=HASH, fn=HASH),
    users(em=HASH),
    users(ph=[HASH, HASH + ".Ab_-1234", HASH + ".pY"]),
    users(external_id=["user-42"]),
    users(fbp="fb.1.1760000000000.987654321"),
    users(fbp="fb.1.1760000000000.987654321.AbCd1234"),
    users(fbc="fb.2.1760000000000.IwAR0abc_-XYZ"),
    users(fbc="fb.2.1760000000000.IwAR0abc_-XYZ.AQ"),
    users(client_ip_address="203.0.113.7"),
    users(client_ip_address="2001:db8::7"),
    users(client_ip_address="8.8.8.8"),
    users(lead_id=123456789012345),
    users(page_id=100200300),
    users(lead_id="12345678901234567"),
    users(madid="38400000-8cf0-11bd-b23e-10b96e40000d"),
    users(fb_login_id=100200300),
    {"custom_data__contents": [{"id": "p1", "quantity": 2, "item_price": 0, "brand": "Example"}]},
    {"custom_data__contents": [], "custom_data__content_ids": ["p1", 2]},
    {"custom_data__content_type": "product_group", "custom_data__num_items": 0},
    {"custom_data__delivery_category": "curbside", "custom_data__item_number": "1"},
    {"custom_data__customer_segmentation": "existing_customer_to_medium"},
    {"customer_segmentation": "customer_in_loyalty_program"},
    {"data_processing_options": []},
    {"data_processing_options": ["LDU"], "user_data__client_ip_address": "203.0.113.7"},
    {
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 0,
        "data_processing_options_state": 0,
    },
    {
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 1,
        "data_processing_options_state": 1013,
    },
    CRM | {"custom_data__lead_event_source": "Example CRM", "user_data__lead_id": 1234567890123456},
    CHAT,
    APP,
]

ACCEPTED_WITH_WARNING: list[tuple[dict[str, Any], str]] = [
    ({"user_data__client_user_agent": ...}, "client_user_agent_missing"),
    ({"event_id": ...}, "event_id_missing"),
    ({"user_data__external_id": "user-42"}, "external_id_not_hashed"),
    ({"user_data__ph": None}, "empty:user_data.ph"),
    ({"user_data__ph": hashlib.sha256(b"").hexdigest()}, "hash_of_nothing"),
    ({"event_name": "A name that is longer than the Pixel's own limit of 50"}, "event_name_long"),
    ({"original_event_data": {"shoe_size": 42}}, "unknown:original_event_data.shoe_size"),
    ({"event_name": "Subscribe", "custom_data": {"predicted_ltv": 9}}, "forecast_without_currency"),
    (CRM | {"custom_data__lead_event_source": "Example CRM"}, "crm_lead_id_missing"),
    ({"user_data__shoe_size": "42"}, "unknown:user_data.shoe_size"),
    ({"shoe_size": 42}, "unknown:shoe_size"),
    ({"custom_data__value": "142.52"}, "value_is_text"),
    ({"event_name": "Lead", "custom_data__currency": ...}, "value_without_currency"),
    ({"custom_data__content_type": "vehicle"}, "content_type_unusual"),
    (
        {"data_processing_options": ["LDU"], "data_processing_options_country": 1},
        "data_processing_options_state_missing",
    ),
]


@pytest.mark.parametrize(
    ("changes", "rule", "subcode"), REFUSED, ids=[f"{number}-{rule}" for number, (_, rule, _) in enumerate(REFUSED)]
)
def test_refused(sender: Any, event: Callable[..., Any], changes: dict[str, Any], rule: str, subcode: int) -> None:
    answer = sender.post([event(**changes)])
    error = answer.json()["error"]
    booked = sender.emulator.book.requests()[-1]
    assert (booked.rule, booked.status, booked.events, booked.accepted) == (rule, 400, 1, 0)
    assert (answer.status_code, error["code"], error["error_subcode"]) == (400, 100, subcode)


@pytest.mark.parametrize("changes", ACCEPTED)
def test_accepted(sender: Any, event: Callable[..., Any], changes: dict[str, Any]) -> None:
    answer = sender.post([event(**changes)])
    assert answer.status_code == 200, sender.emulator.book.requests()[-1].rule
    assert answer.json().keys() == {"events_received", "messages", "fbtrace_id"}
    assert (answer.json()["events_received"], answer.json()["messages"]) == (1, [])


@pytest.mark.parametrize(
    ("changes", "warning"), ACCEPTED_WITH_WARNING, ids=[warning for _, warning in ACCEPTED_WITH_WARNING]
)
def test_accepted_with_a_warning_in_the_book(
    sender: Any, event: Callable[..., Any], changes: dict[str, Any], warning: str
) -> None:
    assert sender.post([event(1, **changes), event(2, **changes)]).status_code == 200
    assert sender.emulator.book.requests()[-1].warnings == {warning: 2}


def test_one_bad_event_refuses_all_and_is_not_named(sender: Any, event: Callable[..., Any]) -> None:
    events = [event(number) for number in range(20)]
    events[13]["event_name"] = "PurchaseThatIsSpecial"
    events[13]["user_data"] = {"country": HASH}
    answer = sender.post(events)
    error = answer.json()["error"]
    assert error.keys() == {
        "message",
        "type",
        "code",
        "error_subcode",
        "is_transient",
        "error_user_title",
        "error_user_msg",
        "fbtrace_id",
    }
    assert (error["code"], error["error_subcode"], error["type"]) == (100, BROAD_ID, "OAuthException")
    for betrayal in ("13", "purchase_", "Special", "country", HASH):
        assert betrayal not in answer.text.replace(error["fbtrace_id"], "")
    assert sender.emulator.book.events() == []
    del events[13]
    assert sender.post(events).json()["events_received"] == 19
    assert len(sender.emulator.book.events()) == 19


def test_repeats_in_one_request_are_accepted_and_noted(sender: Any, event: Callable[..., Any]) -> None:
    def store(number: int, **changes: Any) -> dict[str, Any]:
        return event(number, source="physical_store", custom_data__item_number="1", **changes)

    again = event(1, event_name="Lead")  # the same id under another name is another event
    assert sender.post([event(1), event(1), again]).json()["events_received"] == 3
    assert sender.emulator.book.requests()[-1].warnings == {"event_id_repeated": 1}
    assert sender.post([store(5), store(5, event_id="another-id")]).json()["events_received"] == 2
    assert sender.emulator.book.requests()[-1].warnings == {"offline_event_repeated": 1}
    counted = [(one.event_name, one.event_id) for one in sender.emulator.book.counted()]
    assert counted == [("Purchase", "purchase_1"), ("Lead", "purchase_1"), ("Purchase", "purchase_5")]


def test_credential_probe_is_known_by_its_subcode(sender: Any) -> None:
    error = sender.post([{}]).json()["error"]
    assert (error["code"], error["error_subcode"]) == (100, INVALID)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_value_that_is_no_finite_number_is_refused(sender: Any, event: Callable[..., Any], number: str) -> None:
    text = json.dumps({"data": [event(custom_data__value=4242)]}).replace("4242", number)
    assert sender.post_raw(text).json()["error"]["code"] == 100
    assert sender.emulator.book.events() == []
