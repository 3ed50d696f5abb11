"""When to try again."""

from datetime import timedelta

from waybill.delivery.retry import RetryPolicy

POLICY = RetryPolicy(tries=4, first_seconds=1.0, longest_seconds=3.0, longest_between_runs=900.0)


def test_waits_double_up_to_the_longest_and_end() -> None:
    assert [POLICY.wait(failures, None, jitter=0.0) for failures in (1, 2, 3, 4)] == [1.0, 2.0, 3.0, None]


def test_jitter_takes_off_half_at_most() -> None:
    assert POLICY.wait(2, None, jitter=1.0) == 1.0


def test_what_the_platform_asks_is_never_undercut() -> None:
    assert POLICY.wait(1, 2.5, jitter=1.0) == 2.5
    assert POLICY.wait(1, 3.5, jitter=0.0) is None


def test_rests_between_runs_grow_and_are_bounded() -> None:
    assert POLICY.rest(1, None) == timedelta(seconds=2)
    assert POLICY.rest(5, None) == timedelta(seconds=32)
    assert POLICY.rest(5000, None) == timedelta(seconds=900)
    assert POLICY.rest(1, 3600.0) == timedelta(hours=1)
