"""Which adapter serves a destination."""

from datetime import timedelta

import pytest

from waybill.declared import DestinationSettings
from waybill.destinations import registry
from waybill.destinations.meta.client import MetaClient
from waybill.errors import ConfigurationError


def test_meta_is_served() -> None:
    adapter = registry.create("meta", DestinationSettings())
    assert isinstance(adapter, MetaClient)
    assert registry.capabilities("meta") == adapter.capabilities


def test_a_destination_without_an_adapter_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"'tiktok'.*meta"):
        registry.create("tiktok", DestinationSettings())


def test_offline_events_merge_for_longer() -> None:
    window = registry.capabilities("meta").window
    assert window("website_purchase") == window("website_lead") == timedelta(hours=48)
    assert window("store_purchase") == timedelta(days=7)
