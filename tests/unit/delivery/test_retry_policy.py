"""When to try again."""

from datetime import timedelta

from waybill.delivery.retry import RetryPolicy

POLICY = RetryPolicy(tries=4, first_seconds=1.0, longest_seconds=3.0, longest_between_runs=900.0)

LONG = timedelta(days=7)


def test_waits_double_up_to_the_longest_and_end() -> None:
    assert [POLICY.wait(failures, None, jitter=0.0) for failures in (1, 2, 3, 4)] == [1.0, 2.0, 3.0, None]


def test_jitter_takes_off_half_at_most() -> None:
    assert POLICY.wait(2, None, jitter=1.0) == 1.0


def test_what_the_platform_asks_is_never_undercut() -> None:
    assert POLICY.wait(1, 2.5, jitter=1.0) == 2.5
    assert POLICY.wait(1, 3.5, jitter=0.0) is None


def test_rests_between_runs_grow_and_are_bounded() -> None:
    assert POLICY.rest(1, None, LONG) == timedelta(seconds=2)
    assert POLICY.rest(5, None, LONG) == timedelta(seconds=32)
    assert POLICY.rest(5000, None, LONG) == timedelta(seconds=900)
    assert POLICY.rest(1, 3600.0, LONG) == timedelta(hours=1)


def test_a_rest_of_our_own_leaves_time_to_send_and_one_that_was_asked_for_need_not() -> None:
    assert POLICY.rest(5000, None, timedelta(minutes=10)) == timedelta(minutes=5)
    assert POLICY.rest(5000, 3600.0, timedelta(minutes=10)) == timedelta(hours=1)
