"""Meta's rules about events: what makes the platform refuse a request, and what it accepts with a warning.

Written from the platform's pages ("Server event parameters", "Original event data parameters", "Business messaging",
"Data processing options") and from live probes, and independent of the code that builds payloads: a rule that both got
wrong in the same way would prove nothing. Nothing here names the event at fault in an answer.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from waybill.emulator.answers import (
    BAD_EXTINFO,
    INVALID,
    NAME_NOT_FOR_MESSAGING,
    NO_CHANNEL,
    NO_PAGE,
    NOT_WITH_MESSAGING,
    TOO_OLD,
    Refused,
)
from waybill.emulator.counting import offline_key
from waybill.emulator.custom_data import check_custom_data, check_segmentation
from waybill.emulator.identity import Note, check_user_data
from waybill.emulator.words import is_text, words

ACTION_SOURCES: Final = words(
    "email website app phone_call chat physical_store system_generated business_messaging other"
)
_DAY: Final = 86_400
_OLDEST: Final = 7 * _DAY
_OLDEST_OFFLINE: Final = 62 * _DAY
_FUTURE: Final = 60
_LONGEST_NAME: Final = 50  # of a custom event's name in the Pixel; not documented for servers
_LATEST_IN_SECONDS: Final = 10**11  # later than the year 5000 can only be milliseconds

_KNOWN: Final = words(
    "event_name event_time user_data action_source event_source_url event_id custom_data referrer_url opt_out "
    "data_processing_options data_processing_options_country data_processing_options_state customer_segmentation "
    "original_event_data attribution_data advanced_measurement_table messaging_channel app_data"
)
_ORIGINAL: Final = words("event_name event_time order_id event_id")
_CHANNELS: Final = frozenset({"whatsapp", "messenger", "instagram"})
_MESSAGING_NAMES: Final = words("Purchase LeadSubmitted InitiateCheckout AddToCart ViewContent QualifiedLead")
_WEB_IDENTIFIERS: Final = words("fbc fbp client_ip_address client_user_agent")
_PAGE_IDS: Final = words("page_id whatsapp_business_account_id ig_account_id")
_STATES: Final = frozenset([0, *range(1000, 1014)])
_is_url = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE).fullmatch


def check_events(events: Iterable[Mapping[str, Any]], now: datetime) -> Counter[str]:
    """The warnings of a request's events, counted by name; raises Refused at the first rule that is broken."""
    warnings: Counter[str] = Counter()
    seen: set[object] = set()
    seconds = now.timestamp()

    def note(name: str) -> None:
        warnings[name] += 1

    for event in events:
        _check_event(event, seconds, note)
        _note_repeats(event, seen, note)
    return warnings


def _note_repeats(event: Mapping[str, Any], seen: set[object], note: Note) -> None:
    """Two events of one request with one name and id, or with one offline key: Meta takes them and may count one."""
    name_and_id = (event["event_name"], event.get("event_id"))
    if name_and_id[1] is not None:
        if name_and_id in seen:
            note("event_id_repeated")
        seen.add(name_and_id)
    key = offline_key(event)
    if key is not None:
        if key in seen:
            note("offline_event_repeated")
        seen.add(key)


def _check_event(event: Mapping[str, Any], now: float, note: Note) -> None:
    name, source = event.get("event_name"), event.get("action_source")
    if not is_text(name):
        raise Refused("event_name", INVALID)
    if len(str(name)) > _LONGEST_NAME:
        note("event_name_long")
    _check_time(event.get("event_time"), source, now)
    if not isinstance(source, str) or source not in ACTION_SOURCES:
        raise Refused("action_source", INVALID)
    identifiers = check_user_data(event, note)
    _check_page(event, source, identifiers, note)
    check_custom_data(event, note)
    _check_options(event, identifiers, note)
    if source == "business_messaging":
        _check_messaging(event, identifiers)
    elif source == "app":
        _check_app(event.get("app_data"))
    for key in event.keys() - _KNOWN:
        note(f"unknown:{key}")


def _check_time(moment: Any, source: Any, now: float) -> None:
    if not _is_seconds(moment):
        raise Refused("event_time", INVALID)
    if moment > now + _FUTURE:
        raise Refused("event_time_in_future", INVALID)
    if now - moment > (_OLDEST_OFFLINE if source == "physical_store" else _OLDEST):
        raise Refused("event_time_too_old", TOO_OLD)


def _is_seconds(moment: Any) -> bool:
    """Whether a value is a Unix time in whole seconds (milliseconds are not, nor is text)."""
    return type(moment) is int and 0 <= moment < _LATEST_IN_SECONDS


def _check_page(event: Mapping[str, Any], source: str, identifiers: frozenset[str], note: Note) -> None:
    url = event.get("event_source_url")
    if url is None:
        if source == "website":
            raise Refused("event_source_url_missing", INVALID)
    elif not isinstance(url, str) or not _is_url(url):
        raise Refused("event_source_url", INVALID)
    if source == "website" and "client_user_agent" not in identifiers:
        note("client_user_agent_missing")  # required on paper; a live request without it was accepted
    if not isinstance(event.get("referrer_url", ""), str | None):
        raise Refused("referrer_url", INVALID)


def _check_options(event: Mapping[str, Any], identifiers: frozenset[str], note: Note) -> None:
    event_id = event.get("event_id")
    if event_id is None:
        note("event_id_missing")
    elif not is_text(event_id):
        raise Refused("event_id", INVALID)
    if not isinstance(event.get("opt_out", False), bool | None):
        raise Refused("opt_out", INVALID)
    for key in ("original_event_data", "attribution_data", "app_data"):
        if not isinstance(event.get(key), dict | None):
            raise Refused(f"{key}_type", INVALID)
    _check_original(event.get("original_event_data") or {}, note)
    check_segmentation(event)
    if event.get("data_processing_options") is not None:
        _check_limited_use(event, "client_ip_address" in identifiers, note)


def _check_original(original: Mapping[str, Any], note: Note) -> None:
    """The first event that a later one belongs to: four optional parameters, and its time may be as old as it is."""
    for key, value in original.items():
        if key not in _ORIGINAL:
            note(f"unknown:original_event_data.{key}")
        elif not (_is_seconds(value) if key == "event_time" else is_text(value)):
            raise Refused("original_event_data", INVALID)


def _check_limited_use(event: Mapping[str, Any], has_ip: bool, note: Note) -> None:
    """``[]`` or ``["LDU"]``, with country 0 or 1 and a state; without an IP address the state must be said."""
    options = event["data_processing_options"]
    country = event.get("data_processing_options_country")
    state = event.get("data_processing_options_state")
    if options not in ([], ["LDU"]):
        raise Refused("data_processing_options", INVALID)
    for value, allowed in ((country, frozenset({0, 1})), (state, _STATES)):
        if value is not None and (type(value) is not int or value not in allowed):
            raise Refused("data_processing_options_place", INVALID)
    if not options:
        return
    if state is not None and country is None:
        raise Refused("data_processing_options_place", INVALID)
    if country is None and not has_ip:
        raise Refused("data_processing_options_place", INVALID)
    if country is not None and state is None:
        note("data_processing_options_state_missing")  # Meta then looks the place up itself


def _check_messaging(event: Mapping[str, Any], identifiers: frozenset[str]) -> None:
    channel = event.get("messaging_channel")
    if channel is None:
        raise Refused("messaging_channel_missing", NO_CHANNEL)
    if not isinstance(channel, str) or channel not in _CHANNELS:
        raise Refused("messaging_channel", INVALID)
    if identifiers & _WEB_IDENTIFIERS or event.get("event_source_url") is not None:
        raise Refused("not_with_business_messaging", NOT_WITH_MESSAGING)
    if event["event_name"] not in _MESSAGING_NAMES:
        raise Refused("event_name_for_messaging", NAME_NOT_FOR_MESSAGING)
    if not identifiers & _PAGE_IDS:
        raise Refused("page_id_missing", NO_PAGE)


def _check_app(app: Any) -> None:
    """``extinfo`` is 16 values by position: [0] a2 or i2, [4] the OS version."""
    extinfo = app.get("extinfo") if isinstance(app, dict) else None
    if not isinstance(extinfo, list) or len(extinfo) != 16 or extinfo[0] not in ("a2", "i2") or not extinfo[4]:
        raise Refused("app_extinfo", BAD_EXTINFO)
