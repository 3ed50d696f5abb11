"""What libphonenumber's parser does with a prefix, for all digit strings of one length at once.

A `Reading` says what was dialled and what becomes of it: {(cut, lead): dialled} means that of these dialled strings the
first `cut` digits go and `lead` comes before the rest. `lead` None: what follows the cut is an international number.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from number_sets import (
    NOTHING_WRITTEN,
    Language,
    Ranges,
    both,
    digits_of,
    everything,
    followed_by,
    merged,
    starting_with,
    without,
)

Reading = dict[tuple[int, str | None], Ranges]
Items = tuple[tuple[int, ...], ...]  # for each digit that a prefix takes, which digits it may be


class Way(NamedTuple):
    """One way in which a prefix pattern matches: the digits taken, how many go, what comes instead."""

    items: Items
    to_the_end: bool
    cut: int
    lead: tuple[str | int, ...]  # digits, or positions in what was taken


@cache
def ways_of(pattern: str, transform: str | None = None) -> tuple[Way, ...]:
    """The ways in which a prefix pattern matches, in the order in which a regular expression tries them."""
    tree = _parser.parse(pattern)
    last_group = tree.state.groups - 1
    ways = []
    for items, groups, to_the_end in _matches(list(tree)):
        cut, result = len(items), []
        if transform and last_group in groups:
            for piece in re.findall(r"\\\d|\d", transform):
                result += list(range(*groups.get(int(piece[1]), (0, 0)))) if piece[0] == "\\" else [piece]
            while cut and result and result[-1] == cut - 1:
                cut -= 1
                result.pop()
        ways.append(Way(items, to_the_end, cut, tuple(result)))
    return tuple(ways)


Match = tuple[Items, dict[int, tuple[int, int]], bool]


def _matches(parts: list[tuple[Any, Any]]) -> Iterator[Match]:
    if not parts:
        yield (), {}, False
        return
    for items, groups, end in _matches_of_part(*parts[0]):
        for more_items, more_groups, more_end in _matches(parts[1:]):
            shifted = {name: (first + len(items), last + len(items)) for name, (first, last) in more_groups.items()}
            yield items + more_items, groups | shifted, end or more_end


def _matches_of_part(kind: Any, value: Any) -> Iterator[Match]:
    if kind is op.LITERAL:
        yield ((int(chr(value)),),), {}, False
    elif kind is op.IN:
        yield (digits_of(value),), {}, False
    elif kind is op.AT and value is op.AT_END:
        yield (), {}, True
    elif kind is op.SUBPATTERN:
        for items, groups, end in _matches(list(value[3])):
            yield items, groups if value[0] is None else groups | {value[0]: (0, len(items))}, end
    elif kind is op.BRANCH:
        for branch in value[1]:
            yield from _matches(list(branch))
    elif kind is op.MAX_REPEAT:
        fewest, most, inner = value
        for times in range(most, fewest - 1, -1):
            yield from _matches(list(inner) * times)
    else:
        raise ValueError(f"phone metadata uses {kind} in a prefix, which this script does not know")


@cache
def matching(items: Items, to_the_end: bool, length: int) -> Ranges:
    """The digit strings of a length that begin with these items, or are nothing else."""
    if len(items) > length or (to_the_end and len(items) != length):
        return ()
    rest = length - len(items)
    language: Language = {rest: everything(rest)} if rest else NOTHING_WRITTEN
    for digits in reversed(items):
        language = followed_by({1: merged((digit, digit) for digit in digits)}, language)
    return language[length]


def result_in(dialled: Ranges, length: int, cut: int, lead: str, wanted: Ranges) -> Ranges:
    """Those of the dialled strings whose result, lead and what is left after the cut, is in the wanted set."""
    unit = 10 ** (length - cut)
    base = int(lead or "0") * unit
    rest = tuple((first - base, last - base) for first, last in both(wanted, ((base, base + unit - 1),)))
    if not rest:
        return ()
    if rest == ((0, unit - 1),):
        return dialled
    heads = (head * unit for first, last in dialled for head in range(first // unit, last // unit + 1))
    return both(dialled, merged((head + first, head + last) for head in heads for first, last in rest))


def put(reading: Reading, cut: int, lead: str | None, dialled: Ranges) -> None:
    """Adds dialled strings to a reading."""
    if dialled:
        reading[cut, lead] = merged(reading.get((cut, lead), ()) + dialled)


def without_national_prefix(
    length: int, cut: int, lead: str, dialled: Ranges, rule: tuple[str | None, str | None], general: Language
) -> Reading:
    """The reading after the national prefix went, or was transformed; kept where the number is only good with it."""
    pattern, transform = rule
    out: Reading = {}
    for way in ways_of(pattern, transform) if pattern and len(lead) + length - cut else ():
        if any(int(digit) not in item for digit, item in zip(lead, way.items, strict=False)):
            continue
        size = len(lead) + length - cut
        taken = result_in(dialled, length, cut, lead, matching(way.items, way.to_the_end, size))
        dialled = without(dialled, taken)
        for part_lead, part in _instances(length, cut, lead, taken, way):
            new_cut, new_lead = max(cut, cut + way.cut - len(lead)), part_lead + lead[way.cut :]
            new_size = len(new_lead) + length - new_cut
            good_before = result_in(part, length, cut, lead, general.get(size, ()))
            good_after = result_in(part, length, new_cut, new_lead, general.get(new_size, ()))
            kept = without(good_before, good_after)
            put(out, cut, lead, kept)
            put(out, new_cut, new_lead, without(part, kept))
    put(out, cut, lead, dialled)
    return out


def _instances(length: int, cut: int, lead: str, taken: Ranges, way: Way) -> Iterable[tuple[str, Ranges]]:
    """What was taken, apart for each text that the rule puts in front (one, unless the rule repeats taken digits)."""
    if not taken:
        return
    if all(isinstance(piece, str) for piece in way.lead):
        yield "".join(map(str, way.lead)), taken
        return
    for digits in product(*way.items[: way.cut]):
        literal = "".join(map(str, digits))
        text = "".join(piece if isinstance(piece, str) else literal[piece] for piece in way.lead)
        size = len(lead) + length - cut
        yield text, result_in(taken, length, cut, lead, starting_with(literal, size))
