"""Randomness in columns: every draw is a whole column, and the same seed gives the same columns for ever."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
T = TypeVar("T")


class Dice:
    """A stream of random columns; each part of the shop has its own, so that a change in one moves no other."""

    def __init__(self, *seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(seed))))

    def unit(self, n: int) -> Floats:
        """Evenly in [0, 1)."""
        return self._generator.random(n)

    def chance(self, p: float, n: int) -> Flags:
        return self._generator.random(n) < p

    def whole(self, low: int, high: int, n: int) -> Ints:
        """Evenly in low … high, both included."""
        return self._generator.integers(low, high, n, dtype=np.int64, endpoint=True)

    def waiting(self, mean: float, n: int) -> Floats:
        """Exponential with this mean: the time until something that may happen at any moment."""
        return self._generator.exponential(mean, n)

    def index(self, shares: Sequence[float], n: int) -> Ints:
        """Positions in ``shares``, drawn by them; they need not sum to 1."""
        ends = np.cumsum(np.asarray(shares, dtype=np.float64))
        return np.searchsorted(ends / ends[-1], self._generator.random(n), side="right").astype(np.int64)

    def kinds(self, shares: Mapping[Any, float], n: int) -> pl.Series:
        """A column of the keys of ``shares``, drawn by them."""
        return take(list(shares), self.index(list(shares.values()), n))

    def pick(self, options: Sequence[Any], n: int) -> pl.Series:
        """A column of ``options``, drawn evenly."""
        return take(options, self.whole(0, len(options) - 1, n))

    def own(self, parent: Ints, sizes: Sequence[int]) -> Ints:
        """Positions, for each parent among its own, in a list that holds all parents' entries one after the other."""
        own: Ints = (self._generator.random(len(parent)) * np.asarray(sizes)[parent]).astype(np.int64)
        return firsts(sizes)[parent] + own

    def digits(self, width: int, n: int) -> pl.Series:
        """Text of so many digits."""
        return pl.Series(self.whole(0, 10**width - 1, n)).cast(pl.String).str.zfill(width)

    def letters(self, alphabet: str, width: int, n: int) -> pl.Series:
        """Text of so many characters of an ASCII alphabet."""
        codes = np.frombuffer(alphabet.encode(), dtype=np.uint8)[self._generator.integers(0, len(alphabet), n * width)]
        return pl.Series(codes.view(f"S{width}") if n else [], dtype=pl.Binary).cast(pl.String)


def take(options: Sequence[Any], positions: Ints) -> pl.Series:
    """The options at these positions, as a column."""
    return pl.Series(list(options)).gather(positions)


def firsts(sizes: Sequence[int]) -> Ints:
    """Where each parent's entries begin in such a list."""
    return np.cumsum([0, *sizes], dtype=np.int64)[:-1]


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """For each of ``sum(counts)`` rows the position of its parent, and its own number among its siblings from 1."""
    parent = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    starts = np.cumsum(counts) - counts
    return parent, np.arange(len(parent), dtype=np.int64) - starts[parent] + 1
