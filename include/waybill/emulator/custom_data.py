"""Rules about ``custom_data``: money, products, order keys, and the CRM shape.

Meta, "Custom data parameters" and "Conversion Leads integration". Properties that Meta does not know are allowed.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from waybill.emulator.answers import INVALID, NO_CURRENCY, NO_VALUE, GraphError, Refused
from waybill.emulator.currencies import is_currency
from waybill.emulator.identity import Note
from waybill.emulator.words import is_text

SEGMENTATIONS: Final = frozenset(
    [
        f"{age}_customer_to_{scope}"
        for age in ("new", "existing")
        for scope in ("business", "business_line", "product_area", "medium")
    ]
    + ["customer_in_loyalty_program"]
)
_DELIVERY_CATEGORIES: Final = frozenset({"in_store", "curbside", "home_delivery"})
_is_decimal = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?").fullmatch


def check_custom_data(event: Mapping[str, Any], note: Note) -> None:
    """Refuses an event whose ``custom_data`` breaks a rule; a Purchase needs value and currency."""
    custom = event.get("custom_data")
    if custom is None:
        custom = {}
    elif not isinstance(custom, dict):
        raise Refused("custom_data_type", INVALID)
    is_purchase = event["event_name"] == "Purchase"
    _check_money(custom, is_purchase, note)
    if custom:
        _check_forecast(custom, note)
        _check_products(custom, note)
        _check_texts(custom)
        _check_crm(event, custom, note)


def _check_money(custom: Mapping[str, Any], is_purchase: bool, note: Note) -> None:
    value, currency = custom.get("value"), custom.get("currency")
    if is_purchase or value is not None:
        _check_amount(value, "value", NO_VALUE if is_purchase else INVALID)
        if isinstance(value, str):
            note("value_is_text")
    if (is_purchase or currency is not None) and not is_currency(currency):
        raise Refused("currency", NO_CURRENCY if is_purchase else INVALID)
    if value is not None and currency is None:
        note("value_without_currency")


def _check_forecast(custom: Mapping[str, Any], note: Note) -> None:
    """What the customer will be worth, and the margin, in the same currency; a margin may be a loss."""
    ltv, margin = custom.get("predicted_ltv"), custom.get("net_revenue")
    if ltv is not None:
        _check_amount(ltv, "predicted_ltv")
    if margin is not None:
        _check_amount(margin, "net_revenue", least=-math.inf)
    if custom.get("currency") is None and (ltv, margin) != (None, None):
        note("forecast_without_currency")


def _check_amount(value: Any, rule: str, error: GraphError = INVALID, least: float = 0) -> None:
    """A finite number of ``least`` or more; Meta's examples also show it as decimal text."""
    if isinstance(value, str) and _is_decimal(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(rule, error)
    if not (-math.inf < value < math.inf and value >= least):
        raise Refused(rule, error)


def _check_products(custom: Mapping[str, Any], note: Note) -> None:
    contents = custom.get("contents")
    if contents is not None:
        if not isinstance(contents, list):
            raise Refused("contents_type", INVALID)
        for content in contents:
            _check_content(content)
    ids = custom.get("content_ids")
    if ids is not None and (not isinstance(ids, list) or not all(_is_id(one) for one in ids)):
        raise Refused("content_ids", INVALID)
    if custom.get("content_type") not in (None, "product", "product_group"):
        note("content_type_unusual")  # travel and vehicle catalogues have types of their own
    num_items = custom.get("num_items")
    if num_items is not None and not _is_count(num_items, least=0):
        raise Refused("num_items", INVALID)
    _check_delivery_category(custom)
    if not isinstance(custom.get("store_data", {}), dict):
        raise Refused("store_data_type", INVALID)


def _check_content(content: Any) -> None:
    if not isinstance(content, dict):
        raise Refused("contents_type", INVALID)
    if not _is_id(content.get("id")):
        raise Refused("contents_id", INVALID)
    if not _is_count(content.get("quantity"), least=1):
        raise Refused("contents_quantity", INVALID)
    if content.get("item_price") is not None:
        _check_amount(content["item_price"], "contents_item_price")
    _check_delivery_category(content)


def _check_delivery_category(holder: Mapping[str, Any]) -> None:
    category = holder.get("delivery_category")
    if category is not None and (not isinstance(category, str) or category not in _DELIVERY_CATEGORIES):
        raise Refused("delivery_category", INVALID)


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip() != ""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _check_texts(custom: Mapping[str, Any]) -> None:
    for key in ("order_id", "item_number"):
        value = custom.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise Refused(key, INVALID)
    check_segmentation(custom)


def check_segmentation(holder: Mapping[str, Any]) -> None:
    """Meta's table has it at event level, its example inside ``custom_data``: both are read."""
    segmentation = holder.get("customer_segmentation")
    if segmentation is not None and (not isinstance(segmentation, str) or segmentation not in SEGMENTATIONS):
        raise Refused("customer_segmentation", INVALID)


def _check_crm(event: Mapping[str, Any], custom: Mapping[str, Any], note: Note) -> None:
    """A CRM stage (event_source=crm) is system_generated and names its CRM; a lead_id is preferred, not required."""
    if custom.get("event_source") != "crm":
        return
    if event["action_source"] != "system_generated":
        raise Refused("crm_action_source", INVALID)
    if not is_text(custom.get("lead_event_source")):
        raise Refused("crm_lead_event_source", INVALID)
    if event["user_data"].get("lead_id") is None:
        note("crm_lead_id_missing")
