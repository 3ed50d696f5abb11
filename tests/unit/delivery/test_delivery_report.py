"""What a delivery reports."""

from datetime import UTC, datetime

from waybill.delivery.report import Tally, report

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_lags_are_quantiles_of_what_was_accepted() -> None:
    tally = Tally(accepted=100, lags=[float(seconds) for seconds in range(100, 0, -1)])
    counts = report("meta", NOON, NOON, tally, {"pending": 3, "sending": 2, "unknown": 1, "accepted": 9}).counts()
    assert (counts["lag_seconds_p50"], counts["lag_seconds_p95"], counts["lag_seconds_max"]) == (50.0, 95.0, 100.0)
    assert (counts["accepted"], counts["pending"], counts["unknown"]) == (100, 5, 1)


def test_no_acceptance_has_no_lag() -> None:
    counts = report("meta", NOON, NOON, Tally(), {}).counts()
    assert set(counts.values()) == {0}
    assert not any(name.startswith("lag") for name in counts)
