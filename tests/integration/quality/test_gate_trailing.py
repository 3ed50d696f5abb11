"""Small files: each is judged with those before it, so that a broken model cannot go out ten rows at a time."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from deltas import Row, Shop, hashed, write_delta

from waybill.quality.decisions import Decision
from waybill.quality.gate import judge
from waybill.settings import Settings

pytestmark = pytest.mark.usefixtures("without_pages")


def of_one_person(row: Row) -> None:
    row.user["em"] = hashed("null@example.com")


def of_nobody(row: Row) -> None:
    row.user.pop("em")
    row.user.pop("ph", None)


def without_digest(row: Row) -> None:
    row.digest = hashed("something else")


def for_nothing(row: Row) -> None:
    if row.columns["value"] is not None:
        row.columns["value"], row.custom["value"] = Decimal(0), 0


DEFECTS: dict[str, Callable[[Row], None]] = {
    "one_em_share": of_one_person,
    "no_email_and_no_phone_share": of_nobody,
    "zero_value_share": for_nothing,
    "quarantined_share": without_digest,
}


class Days:
    """Judges one file after the other; an open one is enrolled before the next is frozen."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._number = 0
        self._after = ""

    def judge(self, rows: list[Row], left_out: int = 0) -> Decision:
        self._number += 1
        build = f"20261120T1200{self._number:02}000000Z"
        delta = write_delta(self._settings.home, rows, build_id=build, after=self._after, left_out=left_out)
        decision = judge(self._settings, delta)
        self._after = delta.file_id if decision.is_open else self._after
        return decision


@pytest.mark.parametrize("name", DEFECTS)
def test_a_broken_model_is_caught_ten_rows_at_a_time(name: str, settings: Settings) -> None:
    days, rows = Days(settings), Shop().rows(110)
    assert days.judge(rows[:20]).is_open
    for row in rows[20:]:
        DEFECTS[name](row)
    decisions = [days.judge(rows[start : start + 10]) for start in range(20, 100, 10)]
    closed = [decision for decision in decisions if not decision.is_open]
    assert decisions[0].is_open
    assert closed  # within 80 rows
    (failure,) = (failure for failure in closed[0].failures if failure.level == "set")
    assert failure.expectation == name
    assert "with the files before it" in failure.observed
    mended = Shop(8).rows(10)
    assert days.judge(mended).is_open  # although the files before it are what they are


def test_what_was_quarantined_since_the_last_enrolment_still_counts(settings: Settings) -> None:
    rows = Shop().rows(100)
    for row in rows[::3]:
        without_digest(row)
    days = Days(settings)
    bad = days.judge(rows)
    assert [failure.expectation for failure in bad.failures] == ["quarantined_share", "payload_digest_wrong"]
    good = [row for row in rows if row.digest is None]
    again = days.judge(good, left_out=bad.quarantined)
    assert [failure.expectation for failure in again.failures] == ["quarantined_share"]
    assert again.quarantined == 0
    assert days.judge([*good, *Shop(8).rows(0)]).is_open  # mended, or enrolled by a person meanwhile
