"""Rows of a delta file as ranges."""

import pytest

from waybill.delivery import isolation, ranges


def test_rows_become_ranges_and_back() -> None:
    held = ranges.of_rows([0, 1, 2, 5, 7, 8])
    assert held == ((0, 3), (5, 6), (7, 9))
    assert list(ranges.rows(held)) == [0, 1, 2, 5, 7, 8]
    assert ranges.count(held) == 6
    assert ranges.from_text(ranges.to_text(held)) == held


def test_the_ledger_holds_them_as_json() -> None:
    assert ranges.to_text(((0, 3), (5, 6))) == "[[0, 3], [5, 6]]"


@pytest.mark.parametrize("at", [0, 1, 3, 4, 5, 9])
def test_a_cut_keeps_every_row_once(at: int) -> None:
    held = ((0, 3), (5, 6), (7, 9))
    below, others = ranges.cut(held, at)
    assert [*ranges.rows(below), *ranges.rows(others)] == list(ranges.rows(held))
    assert all(row < at for row in ranges.rows(below))


def test_halves_share_what_was_sent() -> None:
    assert isolation.halves(((0, 6),), [1, 2, 5]) == (((0, 2),), ((2, 6),))


def test_parts_keep_what_was_not_sent() -> None:
    assert isolation.apart(((0, 6),), [[1, 5], [2]]) == [((0, 2), (3, 6)), ((2, 3),)]
