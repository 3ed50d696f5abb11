"""No false alarms: a month of ordinary seasons, and not one rule is broken; a month that ends badly is noticed.

Every file is examined and measured as the gate does it. What breaks no rule here is nothing that Great Expectations
could refuse, so it is not asked a hundred times. `tests/benchmarks/gate_seasons.py` does it hour by hour.
"""

from seasons import Month, alarms

from waybill.quality.suites import SET_RULES
from waybill.settings import Settings


def test_a_month_of_ordinary_seasons_raises_no_alarm(settings: Settings) -> None:
    settings.home.create()
    month = Month(settings, 100_000, hours=(2, 5, 16))
    found = {delta.build_id: (delta.rows, *alarms(settings, delta)) for delta in month.files()}
    assert sum(rows for rows, *_ in found.values()) > 90_000
    assert min(rows for rows, *_ in found.values()) < 50
    assert {build: (suspects, broken) for build, (_, suspects, broken, _) in found.items() if suspects or broken} == {}
    assert max(judged for *_, judged in found.values()) == len(SET_RULES)
