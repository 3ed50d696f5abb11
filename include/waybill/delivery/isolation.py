"""Finding the one bad event in a refused batch, when the platform does not name it: halve until it stands alone.

With k bad events among n this takes at most 2 · k · ⌈log2 n⌉ + 2 requests.
"""

from collections.abc import Sequence

from waybill.delivery import ranges
from waybill.delivery.ranges import Ranges


def halves(held: Ranges, sent: Sequence[int]) -> tuple[Ranges, Ranges]:
    """Two parts that hold every row of a batch once, with half of the ``sent`` rows (ascending, at least two) in each.

    Rows that were not sent (withdrawn, expired) go with their neighbours.
    """
    return ranges.cut(held, sent[len(sent) // 2])


def apart(held: Ranges, groups: Sequence[Sequence[int]]) -> list[Ranges]:
    """One part per group of sent rows; rows that were not sent go with the first part."""
    named = {row for group in groups for row in group}
    rest = [row for row in ranges.rows(held) if row not in named]
    parts = [sorted([*rest, *groups[0]]), *(sorted(group) for group in groups[1:])]
    return [ranges.of_rows(part) for part in parts]
