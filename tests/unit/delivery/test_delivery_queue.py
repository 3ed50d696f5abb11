"""What is sent next."""

from datetime import UTC, datetime, timedelta

from waybill.delivery.queries import BatchRow
from waybill.delivery.queue import Queue
from waybill.delivery.retry import RetryPolicy

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Stopwatch:
    at = 100.0

    def __call__(self) -> float:
        return self.at


def batch(
    number: int, hours: int = 1, dataset: str = "main", parent: int | None = None, events: int = 1, attempts: int = 0
) -> BatchRow:
    return BatchRow(
        batch_id=number,
        file_id="meta/1",
        destination="meta",
        dataset=dataset,
        row_ranges=((0, events),),
        events=events,
        state="pending",
        reason=None,
        expires_at=NOON + timedelta(hours=hours),
        attempts=attempts,
        not_before=None,
        unknown_since=None,
        first_attempt_at=None,
        parent_batch_id=parent,
        claimed_at=None,
        settled_at=None,
    )


def queue(watch: Stopwatch, *batches: BatchRow, tries: int = 3) -> Queue:
    made = Queue(RetryPolicy(tries=tries, first_seconds=10.0, longest_seconds=60.0), watch)
    made.add(batches)
    return made


def taken(from_queue: Queue) -> list[int]:
    numbers = []
    while (next_one := from_queue.take()) is not None:
        numbers.append(next_one.batch_id)
    return numbers


def test_the_soonest_expiry_goes_first_across_datasets() -> None:
    made = queue(Stopwatch(), batch(1, hours=5), batch(2, hours=1, dataset="other"), batch(3, hours=2))
    assert taken(made) == [2, 3, 1]
    assert made.seconds() is None


def test_a_dataset_that_failed_rests_and_the_other_one_does_not() -> None:
    watch = Stopwatch()
    made = queue(watch, batch(1), batch(2), batch(3, hours=9, dataset="other"))
    first = made.take()
    assert first is not None
    assert made.failed(first, watch.at, None, again=True)

    assert taken(made) == [3]
    rest = made.seconds()
    assert rest is not None and 5.0 <= rest <= 10.0
    watch.at += rest
    assert sorted(taken(made)) == [1, 2]


def test_attempts_of_one_round_count_as_one_failure() -> None:
    watch = Stopwatch()
    made = queue(watch, *(batch(number) for number in range(1, 6)), tries=3)
    sent = [made.take() for _ in range(5)]
    started = watch.at
    watch.at += 1
    for one in sent:
        assert one is not None and made.failed(one, started, None, again=True)
    assert not made.is_closed("main")


def test_rounds_without_an_answer_close_the_dataset() -> None:
    watch = Stopwatch()
    made = queue(watch, *(batch(number) for number in range(1, 10)), tries=3)
    for still_open in (True, True, False):
        watch.at += 100
        one = made.take()
        assert one is not None
        assert made.failed(one, watch.at, None, again=True) is still_open
    assert made.is_closed("main")
    assert made.take() is None and made.seconds() is None


def test_an_answer_forgives_the_dataset_but_not_the_batch() -> None:
    watch = Stopwatch()
    poison = batch(1)
    made = queue(watch, tries=3)
    made.add([poison])
    for left in (True, True, False):
        watch.at += 100
        assert made.take() is poison
        assert made.failed(poison, watch.at, None, again=True) is left
        made.answered("main")
    assert not made.is_closed("main")


def test_a_child_goes_on_with_its_parents_tries() -> None:
    watch = Stopwatch()
    made = queue(watch, tries=2)
    made.add([batch(1)])
    assert made.failed(batch(1), watch.at, None, again=True)
    made.answered("main")
    watch.at += 100
    assert not made.failed(batch(2, parent=1), watch.at, None, again=True)


def test_what_is_brought_forward_and_what_is_cut_from_it_goes_before_the_rest() -> None:
    made = queue(Stopwatch(), batch(1), batch(2, hours=2, events=8), batch(3, hours=3, events=8), batch(4, hours=4))
    made.bring_forward("main")
    largest = made.take()
    assert largest is not None and largest.batch_id == 3
    made.add([batch(5, hours=3, parent=3, events=4), batch(6, hours=3, parent=3, events=4)])
    made.bring_forward("main")
    assert taken(made) == [2, 6, 5, 1, 4]


def test_of_equally_large_ones_that_which_was_tried_least_is_brought_forward() -> None:
    made = queue(Stopwatch(), batch(1, attempts=2), batch(2, hours=2, attempts=1), batch(3, hours=3, attempts=2))
    made.bring_forward("main")
    assert taken(made) == [2, 1, 3]


def test_a_long_wait_closes_the_dataset_at_once() -> None:
    watch = Stopwatch()
    made = queue(watch, batch(1), batch(2))
    one = made.take()
    assert one is not None
    assert not made.failed(one, watch.at, 61.0, again=True)
    assert made.is_closed("main")
