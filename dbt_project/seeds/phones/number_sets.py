"""Sets of digit strings of one length, as sorted disjoint ranges of whole numbers; and the set a pattern describes.

`"0417"` is the number 417 of length 4: leading zeros count, which is why every set knows its length from outside. A
`Language` holds one set per length. Patterns are the small subset of regular expressions that phone metadata is written
in (digits, classes, groups, alternatives, counted repetition); anything else raises ValueError.
"""

from collections.abc import Iterable
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

Ranges = tuple[tuple[int, int], ...]
Language = dict[int, Ranges]


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The union of ranges that may overlap, neighbours joined."""
    out: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return tuple(out)


def both(left: Ranges, right: Ranges) -> Ranges:
    """What two sets have in common."""
    out, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        first, last = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if first <= last:
            out.append((first, last))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def without(left: Ranges, right: Ranges) -> Ranges:
    """The first set less the second."""
    gaps, start = [], 0
    for first, last in right:
        if start < first:
            gaps.append((start, first - 1))
        start = last + 1
    gaps.append((start, 10**40))
    return both(left, tuple(gaps))


def everything(length: int) -> Ranges:
    """All digit strings of a length."""
    return ((0, 10**length - 1),)


def followed_by(left: Language, right: Language) -> Language:
    """Every string of the first language with every string of the second behind it."""
    out: dict[int, list[tuple[int, int]]] = {}
    for left_length, left_set in left.items():
        for right_length, right_set in right.items():
            unit = 10**right_length
            into = out.setdefault(left_length + right_length, [])
            if right_set == everything(right_length):
                into += [(first * unit, last * unit + unit - 1) for first, last in left_set]
            else:
                heads = (head * unit for first, last in left_set for head in range(first, last + 1))
                into += [(head + first, head + last) for head in heads for first, last in right_set]
    return {length: merged(ranges) for length, ranges in out.items()}


def either(languages: Iterable[Language]) -> Language:
    """The union of languages."""
    out: dict[int, list[tuple[int, int]]] = {}
    for language in languages:
        for length, ranges in language.items():
            out.setdefault(length, []).extend(ranges)
    return {length: merged(ranges) for length, ranges in out.items()}


NOTHING_WRITTEN: Language = {0: ((0, 0),)}


@cache
def language_of(pattern: str) -> Language:
    """All digit strings that a pattern matches as a whole."""
    return _sequence(_parser.parse(pattern))


def starting_with(pattern: str, length: int) -> Ranges:
    """The digit strings of a length whose beginning a pattern matches."""
    rest = {tail: everything(tail) for tail in range(length + 1)}
    return followed_by(language_of(pattern), rest).get(length, ())


def digits_of(members: Iterable[tuple[Any, Any]]) -> tuple[int, ...]:
    """The digits of a character class."""
    found: set[int] = set()
    for kind, value in members:
        if kind is op.LITERAL:
            found.add(int(chr(value)))
        elif kind is op.RANGE:
            found |= set(range(int(chr(value[0])), int(chr(value[1])) + 1))
        elif kind is op.CATEGORY and value is op.CATEGORY_DIGIT:
            found |= set(range(10))
        else:
            raise ValueError(f"phone metadata uses {kind} in a class, which this script does not know")
    return tuple(sorted(found))


def _sequence(parts: Iterable[tuple[Any, Any]]) -> Language:
    out = NOTHING_WRITTEN
    for kind, value in reversed(list(parts)):
        out = followed_by(_part(kind, value), out)
    return out


def _part(kind: Any, value: Any) -> Language:
    if kind is op.LITERAL:
        return {1: ((int(chr(value)), int(chr(value))),)}
    if kind is op.IN:
        return {1: merged((digit, digit) for digit in digits_of(value))}
    if kind is op.SUBPATTERN:
        return _sequence(value[3])
    if kind is op.BRANCH:
        return either(_sequence(branch) for branch in value[1])
    if kind is op.MAX_REPEAT:
        fewest, most, inner = value
        return either(_sequence(list(inner) * times) for times in range(fewest, most + 1))
    raise ValueError(f"phone metadata uses {kind}, which this script does not know")
