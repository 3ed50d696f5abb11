"""What a build makes of what landed, and that building bit by bit gives the same."""

import json

import pytest
from dbt_story import Story


def test_the_complete_build_passes_with_every_unit_test_and_every_case(story: Story) -> None:
    assert "Completed successfully" in story.complete_build
    assert story.complete_build.count("unit_test ") >= 12
    assert "normalize_ph" in story.complete_build


@pytest.mark.parametrize(
    ("source_key", "verdict", "reasons", "event_id"),
    [
        ("shop/orders/o-us", "sendable", [], "browser-us"),
        ("shop/orders/o-de", "withheld", ["ours:consent_withdrawn"], "purchase_o-de"),
        ("shop/orders/o-late-click", "sendable", [], "browser-late"),
        ("shop/orders/o-cancelled-later", "not_a_conversion", ["ours:cancelled"], None),
        ("shop/orders/o-moved", "invalid", ["ours:no_lines"], "purchase_o-moved"),
        ("shop/orders/o-store/1", "sendable", [], "purchase_o-store_1"),
        ("shop/orders/o-store/2", "sendable", [], "purchase_o-store_2"),
        ("shop/orders/o-store-waiting/1", "sendable", [], "purchase_o-store-waiting_1"),
        ("shop/orders/o-unknown-customer", "withheld", ["ours:consent_unknown"], "purchase_o-unknown-customer"),
        ("shop/orders/o-phone", "sendable", [], "purchase_o-phone"),
        ("shop/orders/o-market", "not_a_conversion", ["ours:unsupported_channel"], None),
        ("shop/orders/o-test", "not_a_conversion", ["ours:test"], None),
        (
            "shop/orders/o%2F50%25",
            "withheld",
            ["ours:consent_unknown", "platform:insufficient_customer_information"],
            "purchase_o/50%",
        ),
        ("shop/leads/l-us", "sendable", [], "lead_l-us"),
        ("shop/leads/l-de", "sendable", [], "lead_l-de"),
        ("shop/leads/l-spam", "not_a_conversion", ["ours:spam"], None),
        ("shop/leads/l-new", "sendable", [], "lead_l-new"),
        ("shop/leads/l-form", "not_a_conversion", ["ours:instant_form"], None),
        ("shop/lead_stages/1", "sendable", [], "stage_1"),
        ("shop/lead_stages/2", "not_a_conversion", ["ours:stage_unchanged"], None),
        ("shop/lead_stages/late", "sendable", [], "stage_late"),
        ("shop/lead_stages/3", "not_a_conversion", ["ours:stage_unchanged"], None),
        ("shop/subscription_events/e-1", "sendable", [], "browser-sub"),
        ("shop/subscription_events/e-2", "sendable", [], "subscribe_sub-1"),
        ("shop/subscription_events/e-3", "sendable", [], "renewal_sub-1_1"),
    ],
)
def test_every_landed_order_line_and_lead_has_its_verdict(
    story: Story, source_key: str, verdict: str, reasons: list[str], event_id: str | None
) -> None:
    row = story.home.meta(source_key)
    assert (row["verdict"], row["reasons"], row["event_id"]) == (verdict, reasons, event_id)


def test_nothing_else_is_a_candidate(story: Story) -> None:
    [counted] = story.home.query(
        "select count(*) as n, count(distinct source_key) as keys from destinations.meta_events"
    )
    assert counted == {"n": 25, "keys": 25}


def test_the_payload_is_json_with_the_keys_that_have_values(story: Story) -> None:
    payload = json.loads(story.home.meta("shop/orders/o-us")["payload"])
    assert payload["event_source_url"] == "https://shop.example.com/thanks"
    assert payload["referrer_url"] == "https://shop.example.com/basket/"
    assert payload["custom_data"]["value"] == 20
    assert set(payload["user_data"]) >= {"em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id"}
    assert payload["user_data"]["fbc"].endswith(".FbClid-1")
    assert json.loads(story.home.meta("shop/leads/l-de")["payload"]).keys().isdisjoint({"custom_data", "referrer_url"})


def test_building_bit_by_bit_gives_what_a_full_refresh_gives(story: Story) -> None:
    assert story.after_changes == story.after_full_refresh


def test_each_step_changed_what_it_had_to(story: Story) -> None:
    assert story.after_first != story.after_redo != story.after_changes
    [versions] = story.home.query(
        "select count(*) as n from marts.fct_conversion_candidates where entity_key = 'o-moved'"
    )
    assert versions["n"] == 1, "the website's candidate of an order that moved to a shop must be gone"


def test_a_build_that_failed_in_the_middle_changes_no_mart_and_is_redone(story: Story) -> None:
    assert story.after_failure == story.after_first
    redone = {row for row in story.after_redo["destinations.meta_events"] if "browser-late" in row}
    assert len(redone) == 1, "the click was read by the build that failed; the next one must still use it"


def test_only_affected_orders_are_computed_again(story: Story) -> None:
    before = story.after_redo["marts.fct_conversion_candidates"]
    after = story.after_changes["marts.fct_conversion_candidates"]
    assert len(after - before) == 4, "the order cancelled, the one moved, a late stage and the one that repeats it now"
