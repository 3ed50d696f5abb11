"""When faults strike: scripted (this kind, for so many requests, from that one on) or thrown by seeded dice."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from waybill.emulator.faults import KINDS, THROTTLES, Fault, Kind, Options

USUAL = "usual"
"""Stands for the kind's own number of times, because None is a number of times (until cleared)."""


@dataclass
class Planned:
    """A planned fault: let ``skip`` accepted requests pass, then strike ``times`` times (None: until cleared)."""

    fault: str
    times: int | None = 1
    skip: int = 0
    options: Options = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.times == 0


class Dice:
    """Throws a fault for each request: the same seed and chances give the same faults."""

    def __init__(self, seed: int, chances: Mapping[str, float]) -> None:
        self.seed = seed
        self.chances = dict(chances)
        self._random = random.Random(seed)  # noqa: S311 (repeatable on purpose)

    def throw(self) -> Fault | None:
        thrown = self._random.random()
        for name, chance in self.chances.items():
            if thrown < chance:
                return Fault(KINDS[name], KINDS[name].options)
            thrown -= chance
        return None


class Plan:
    """The faults to come: planned ones in the order planned, the first that is due strikes; then the dice."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self._dice: Dice | None = None

    def add(
        self,
        fault: str,
        times: int | str | None = USUAL,
        from_request: int = 1,
        options: Options | None = None,
    ) -> None:
        """Plans a fault for ``times`` accepted requests, beginning with the ``from_request``-th from now (1-based)."""
        _check_kind(fault)
        kind = KINDS[fault]
        wanted = kind.times if times == USUAL else times
        for name, number in (("times", 1 if wanted is None else wanted), ("from_request", from_request)):
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise ValueError(f"{name} is a whole number of at least 1, not {number!r}.")
        _check_options(kind, options or {})
        self._planned.append(Planned(fault, wanted, from_request - 1, {**kind.options, **(options or {})}))  # type: ignore[arg-type]

    def roll(self, seed: int, chances: Mapping[str, float]) -> None:
        """From now on each accepted request meets a fault with these chances, beside what is planned."""
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise ValueError(f"seed is a whole number, not {seed!r}.")
        for fault, chance in chances.items():
            _check_kind(fault)
            if not isinstance(chance, int | float) or isinstance(chance, bool) or not 0 <= chance <= 1:
                raise ValueError(f"The chance of {fault!r} is a number from 0 to 1, not {chance!r}.")
        if sum(chances.values()) > 1:
            raise ValueError("The chances add up to more than 1.")
        self._dice = Dice(seed, chances)

    def next(self) -> Fault | None:
        """The fault that strikes this request, or None; counts the request."""
        struck: Planned | None = None
        for planned in self._planned:
            if planned.skip > 0:
                planned.skip -= 1
            elif struck is None:
                struck = planned
        if struck is None:
            return self._dice.throw() if self._dice else None
        if struck.times is not None:
            struck.times -= 1
        self._planned = [planned for planned in self._planned if not planned.is_over]
        return Fault(KINDS[struck.fault], struck.options)

    def clear(self) -> None:
        """Forgets every planned fault, and puts the dice away."""
        self._planned.clear()
        self._dice = None

    def describe(self) -> list[dict[str, Any]]:
        """What is still planned, JSON-able."""
        return [asdict(planned) for planned in self._planned]

    def describe_dice(self) -> dict[str, Any] | None:
        """The seed and the chances in force, JSON-able."""
        return {"seed": self._dice.seed, "chances": self._dice.chances} if self._dice else None


def _check_options(kind: Kind, options: Options) -> None:
    for name, value in options.items():
        if name not in kind.options:
            raise ValueError(f"{kind.name!r} has no option {name!r}; it has: {', '.join(kind.options) or 'none'}.")
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e6:
            raise ValueError(f"{name} is a number of at least 0, not {value!r}.")
    if options.get("code", 4) not in THROTTLES:
        raise ValueError(f"code is one of {', '.join(map(str, sorted(THROTTLES)))}.")


def _check_kind(fault: str) -> None:
    if fault not in KINDS:
        raise ValueError(f"There is no fault {fault!r}; there are: {', '.join(KINDS)}.")
