"""The balance: where every candidate is, per destination, and whether the sums agree."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from waybill import delta
from waybill.accounting.books import RELATIONS, open_books, render
from waybill.events import BALANCE
from waybill.settings import Settings


@dataclass(frozen=True)
class Balance:
    """One destination's balance; ``breaks`` says in words what does not add up, and is empty when all does."""

    destination: str
    words: dict[str, int]
    candidates: int
    possibly_twice: int
    breaks: tuple[str, ...]

    @property
    def is_balanced(self) -> bool:
        return not self.breaks

    def as_json(self) -> dict[str, object]:
        return {
            "candidates": self.candidates,
            **self.words,
            "possibly_twice": self.possibly_twice,
            "balanced": self.is_balanced,
            "breaks": list(self.breaks),
        }


def balance(settings: Settings) -> list[Balance]:
    """Adds up every destination from what is published, the live ledger and the landed keys."""
    books = open_books(settings)
    query = render(settings, "balance", **{name: name for name in RELATIONS})
    cursor = books.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [_judge(settings, books, dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _judge(settings: Settings, books: duckdb.DuckDBPyConnection, row: dict[str, object]) -> Balance:
    words = {word: _count(row[word]) for word in BALANCE}
    breaks: list[str] = []
    if sum(words.values()) != _count(row["candidates"]):
        breaks.append(f"{_count(row['candidates']) - sum(words.values())} candidates are in no state, or in two")
    for column, text in (
        ("landed_without_candidate", "landed keys have no candidate"),
        ("enrolled_without_candidate", "enrolled events have no candidate"),
        ("marts_minus_published", "candidates of the marts are not among the published ones"),
        ("files_that_do_not_add_up", "enrolled delta files whose batches or keys do not add up"),
    ):
        if _count(row[column]) != 0:
            breaks.append(f"{_count(row[column])} {text}")
    destination = str(row["destination"])
    breaks += _delta_breaks(settings, books, destination)
    return Balance(
        destination=destination,
        words=words,
        candidates=_count(row["candidates"]),
        possibly_twice=_count(row["possibly_twice"]),
        breaks=tuple(breaks),
    )


def _delta_breaks(settings: Settings, books: duckdb.DuckDBPyConnection, destination: str) -> list[str]:
    """Delta files that are still needed and have lost rows: unsettled ones, kept ones, and the newest frozen one."""
    expected: dict[Path, tuple[int, bool]] = {}
    enrolled = books.execute(
        "select path, rows, settled_at is null from files where destination = ?", [destination]
    ).fetchall()
    for path, rows, is_needed in enrolled:
        expected[settings.home.root / path] = (rows, is_needed)
    sidecars = delta.sidecars(settings.home, destination)  # one that is gone is the audit's to name
    if sidecars:
        newest = delta.read(sidecars[-1])
        expected[newest.path] = (newest.rows, True)
    breaks: list[str] = []
    for path, (rows, is_needed) in expected.items():
        if not path.exists():
            if is_needed:
                breaks.append(f"the delta file {path.name} is missing")
            continue
        try:
            found = pq.read_metadata(path).num_rows
        except (OSError, ValueError):
            breaks.append(f"the delta file {path.name} is damaged")
            continue
        if found != rows:
            breaks.append(f"the delta file {path.name} holds {found} rows instead of {rows}")
    return breaks


def _count(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a count of the balance is {type(value).__name__}")
    return value
