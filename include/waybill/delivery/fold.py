"""Folding: the keys of delta files that are settled are brought together in few files, which outlive the delta files.

A build every five minutes leaves 288 key files a day, and every freeze reads them all. A folded file is written whole
beside its parts and counts from the moment it has its name (``keyfiles`` has the rule); the parts are removed by a
later folding, when nobody can be reading them any more. So a process may be killed anywhere, and no reader ever sees
a key twice, or not at all.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet as pq

from waybill.delivery import keyfiles
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.errors import LedgerConflict
from waybill.home import Home

ROWS: Final = 250_000
"""A folded file that holds as many keys is full: later ones begin another."""

REST_SECONDS: Final = 3600.0
"""How long parts stay beside the file that they were folded into: a reader may just have listed them."""


@dataclass(frozen=True)
class Folding:
    """What a folding did: delta files whose keys were folded, key files written and removed, and the bytes of those."""

    folded: int = 0
    written: int = 0
    removed: int = 0
    bytes: int = 0


def fold(home: Home, destination: str, *, dry_run: bool = False) -> Folding:
    """Removes what an earlier folding has superseded, then folds the keys of every settled delta file.

    Raises SourceUnavailable when another process rewrites key files, LedgerConflict when one is damaged: nothing is
    removed then.
    """
    with keyfiles.alone(home), Ledger.open_readonly(home) as ledger:
        if not dry_run:
            ensure_keys(home, ledger)
        held = keyfiles.holders(home, destination)
        gone = _superseded(held)
        freed = sum(path.stat().st_size for path in gone)
        if not dry_run:
            _remove(gone, held)
        settled = {file.file_id for file in ledger.enrolled_files(destination) if file.settled_at is not None}
        loose = [
            holding[-1]
            for file_id, holding in held.items()
            if file_id in settled and not holding[-1].name.startswith(keyfiles.FOLDED)
        ]
        written = 0
        if loose:
            for parts in _bins([*_with_room(held), *sorted(loose)]):
                written += 1
                if not dry_run:
                    _write(home, destination, parts)
    return Folding(folded=len(loose), written=written, removed=len(gone), bytes=freed)


def _superseded(held: dict[str, list[Path]]) -> list[Path]:
    """Key files of which nothing counts any more, since long enough."""
    everything = {path for holding in held.values() for path in holding}
    standing = {holding[-1] for holding in held.values()}
    resting = {
        path
        for holding in held.values()
        for path in holding[:-1]
        if holding[-1].stat().st_mtime > time.time() - REST_SECONDS
    }
    return sorted(everything - standing - resting)


def _remove(gone: Sequence[Path], held: dict[str, list[Path]]) -> None:
    """Removes them, once the files that took their place were found whole."""
    going = set(gone)
    with duckdb.connect() as connection:
        for successor in {holding[-1] for holding in held.values() if not going.isdisjoint(holding)}:
            keyfiles.verify(successor, connection)
    for path in gone:
        path.unlink()


def _with_room(held: dict[str, list[Path]]) -> list[Path]:
    """The folded file that is not full yet, if there is one."""
    standing = sorted({path for holding in held.values() if (path := holding[-1]).name.startswith(keyfiles.FOLDED)})
    return [path for path in standing[-1:] if _rows(path) < ROWS]


def _bins(parts: Sequence[Path]) -> Iterator[list[Path]]:
    """Cuts the parts into what one folded file shall hold each."""
    taken: list[Path] = []
    rows = 0
    for path in parts:
        taken.append(path)
        rows += _rows(path)
        if rows >= ROWS:
            yield taken
            taken, rows = [], 0
    if taken:
        yield taken


def _write(home: Home, destination: str, parts: Sequence[Path]) -> None:
    """Writes one folded file of parts that are whole, with all that they hold and nothing twice."""
    folder = keyfiles.folder(home, destination)
    numbers = [int(path.stem.removeprefix(keyfiles.FOLDED)) for path in folder.glob(f"{keyfiles.FOLDED}*.parquet")]
    target = folder / f"{keyfiles.FOLDED}{max(numbers, default=0) + 1:08d}.parquet"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        digests = [keyfiles.verify(path, connection) for path in parts]
        expected = (sum(rows for rows, _ in digests), reduce(int.__xor__, (added_up for _, added_up in digests)))
        connection.execute(f"create table keys ({keyfiles.COLUMNS})")
        connection.execute(
            "insert into keys by name select * from read_parquet($parts, union_by_name = true)",
            {"parts": [str(path) for path in parts]},
        )
        distinct = connection.execute("select count(*) from (select distinct file_id, row_number from keys)").fetchall()
        if keyfiles.digest_of(connection, "keys") != expected or distinct != [(expected[0],)]:
            raise LedgerConflict(
                f"The keys in {folder} changed while they were folded, or one is in two of them; nothing was folded. "
                "Run `waybill ledger audit`, which says more."
            )
        keyfiles.write(connection, "keys", target)


def _rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)
