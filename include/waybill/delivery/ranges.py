"""Which rows of a delta file a batch holds: half-open ranges ``(from, to)`` in ascending order, never overlapping."""

import json
from collections.abc import Iterable, Iterator

Ranges = tuple[tuple[int, int], ...]


def of_rows(rows: Iterable[int]) -> Ranges:
    """The ranges that hold exactly these rows, given in ascending order."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row:
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))
    return tuple(found)


def rows(ranges: Ranges) -> Iterator[int]:
    """Every row, ascending."""
    for start, end in ranges:
        yield from range(start, end)


def count(ranges: Ranges) -> int:
    return sum(end - start for start, end in ranges)


def cut(ranges: Ranges, at: int) -> tuple[Ranges, Ranges]:
    """The rows below ``at``, and the others."""
    below = tuple((start, min(end, at)) for start, end in ranges if start < at)
    others = tuple((max(start, at), end) for start, end in ranges if end > at)
    return below, others


def to_text(ranges: Ranges) -> str:
    """As the ledger stores them: ``[[0, 1000], [1002, 1500]]``."""
    return json.dumps([list(pair) for pair in ranges])


def from_text(text: str) -> Ranges:
    """The inverse of ``to_text``."""
    return tuple((int(start), int(end)) for start, end in json.loads(text))
