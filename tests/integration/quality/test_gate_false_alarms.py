"""No false alarms: a month of ordinary seasons, and not one rule is broken; a month that ends badly is noticed.

Every file is examined and measured as the gate does it. What breaks no rule here is nothing that Great Expectations
could refuse, so it is not asked a hundred times. `tests/benchmarks/gate_seasons.py` does it hour by hour.
"""

from datetime import datetime, timedelta

import pytest
from deltas import NOW, Row, Shop, shifted, write_delta
from seasons import Month, alarms

from waybill.quality.suites import SET_RULES
from waybill.settings import Settings

pytestmark = pytest.mark.usefixtures("without_pages")


def test_a_month_of_ordinary_seasons_raises_no_alarm(settings: Settings) -> None:
    settings.home.create()
    month = Month(settings, 100_000, hours=(2, 5, 16))
    found = {delta.build_id: (delta.rows, *alarms(settings, delta)) for delta in month.files()}
    assert sum(rows for rows, *_ in found.values()) > 90_000
    assert min(rows for rows, *_ in found.values()) < 50
    assert {build: (suspects, broken) for build, (_, suspects, broken, _) in found.items() if suspects or broken} == {}
    assert max(judged for *_, judged in found.values()) == len(SET_RULES)


def renewals(at: datetime, count: int) -> list[Row]:
    """Subscriptions that a system renews in one second."""
    rows = [row for row in Shop(3).rows(2 * count) if row.columns["event_kind"] == "website_purchase"][:count]
    for number, row in enumerate(rows):
        own = {"event_name": "Renewal", "event_id": f"renewal_{at:%d}_{number}"}
        times = {"occurred_at": at, "committed_at": at, "landed_at": at, "expires_at": at + timedelta(days=6)}
        source_key = f"shop/subscription_events/{at:%d}_{number}"
        row.columns.update(**own, **times, event_kind="renewal", source_key=source_key)
        for key in ("client_ip_address", "client_user_agent", "fbp", "fbc"):
            row.user.pop(key)  # no browser had a part in it
        row.payload.update(own, event_time=int(at.timestamp()), action_source="system_generated")
    return rows


@pytest.mark.parametrize(("usual", "billed"), [(420, 1000), (75, 2000)], ids=["half of it all", "nearly all"])
def test_a_monthly_billing_raises_no_alarm_neither_on_its_day_nor_on_others(
    settings: Settings, usual: int, billed: int
) -> None:
    settings.home.create()
    found, after = [], ""
    for days in (33, 30, 23, 9, 2, 0):
        now = NOW - timedelta(days=days)
        rows = shifted(Shop(days).rows(usual if days else min(usual, 120)), days, f"day{days}.")
        if days in (30, 0):
            rows += renewals(now - timedelta(hours=6), billed)
        build = f"{now:%Y%m%dT%H%M%S}000000Z"
        delta = write_delta(settings.home, rows, build_id=build, after=after, frozen_at=now)
        after = delta.file_id
        found.append(alarms(settings, delta))
    assert [(suspects, broken) for suspects, broken, _ in found] == [(0, [])] * 6
