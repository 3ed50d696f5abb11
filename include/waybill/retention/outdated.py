"""What is outdated in the other stores: delta files whose keys are folded, Data Docs, logs, what killed processes left.

Each function finds, and removes nothing: it returns paths by the name of what they are.
"""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from waybill import builds, delta
from waybill.clock import from_name
from waybill.delivery import keyfiles
from waybill.delivery.ledger import Ledger
from waybill.errors import LedgerConflict
from waybill.files import left_aside
from waybill.home import Home

_BUILD: Final = re.compile(r"(?P<build>(?P<moment>\d{8}T\d{12}Z)(-\d+)?)(?P<kind>\.[.a-z]+)?")

_ABANDONED_SECONDS: Final = 24 * 3600.0
"""Nothing that is at work leaves a file of its own untouched for so long."""


def delta_files(home: Home, destination: str, cutoff: datetime, *, dry_run: bool) -> tuple[list[Path], int]:
    """Delta files frozen before ``cutoff`` with all that stands beside them, and how many others must stay.

    One that was enrolled may go when it is settled and its keys are folded; one that never was, froze again long ago.
    The newest always stays: its withdrawals are in force. In a dry run what could be folded counts as folded. Raises
    LedgerConflict when the ledger is not the one that these files were made for.
    """
    newest = delta.newest(home, destination)
    with Ledger.open_readonly(home) as ledger:
        enrolled = {file.build_id: file for file in ledger.enrolled_files(destination)}
    if newest is not None and newest.after not in ("", *(file.file_id for file in enrolled.values())):
        raise LedgerConflict(
            f"The delta file {newest.file_id} was frozen after {newest.after}, which the ledger does not hold: the "
            "ledger is older than what was sent. Restore the newest ledger before anything is purged."
        )
    folded = keyfiles.holders(home, destination, only_folded=not dry_run)
    gone: dict[str, list[Path]] = {}
    kept: set[str] = set()
    for path in sorted((home.delta / destination).glob("*")):
        build = _built_before(path.name, cutoff)
        if build is None or (newest is not None and build == newest.build_id):
            continue
        file = enrolled.get(build)
        if file is not None and (file.settled_at is None or file.file_id not in folded):
            kept.add(build)
        else:
            gone.setdefault(build, []).append(path)
    # The sidecar goes first: what has none was never finished, and counts for nobody.
    in_order = [
        path for build, paths in gone.items() for path in sorted(paths, key=lambda path: path.name != f"{build}.json")
    ]
    return in_order, len(kept)


def data_docs(home: Home, cutoff: datetime) -> list[Path]:
    """The pages about files that were judged before ``cutoff``; each destination keeps its newest."""
    gone: list[Path] = []
    for folder in sorted(home.data_docs.glob("*")):
        found = [path for path in folder.glob("*") if _BUILD.fullmatch(path.name)]
        pages = sorted(found, key=lambda path: builds.order(path.name))
        gone += [path for path in pages[:-1] if _built_before(path.name, cutoff)]
    return gone


def leftovers(home: Home) -> list[Path]:
    """What processes that were killed have left: files written aside, scratch of DuckDB, homes of `waybill diff`."""
    found = set(left_aside(home.root))
    found |= {*(home.build / "scratch").glob("*"), *home.build.glob("diff-*")}
    inside = {path for path in found if not found.isdisjoint(path.parents)}
    return sorted(path for path in found - inside if _untouched_since(path, time.time() - _ABANDONED_SECONDS))


def logs(home: Home, days: int) -> list[Path]:
    """dbt's logs that nobody has written to for so many days; what dbt keeps in ``target`` it needs or overwrites."""
    since = time.time() - days * 24 * 3600
    return sorted(path for path in (home.build / "logs").rglob("*") if path.is_file() and _untouched_since(path, since))


def _built_before(name: str, cutoff: datetime) -> str | None:
    """The build in a file's or folder's name, where it is one of before ``cutoff``."""
    match = _BUILD.fullmatch(name)
    return match["build"] if match is not None and from_name(match["moment"]) < cutoff else None


def _untouched_since(path: Path, since: float) -> bool:
    """Whether nothing in a file or folder was touched since a moment of the machine's own clock."""
    try:
        return all(part.lstat().st_mtime < since for part in _whole(path))
    except FileNotFoundError:  # whoever works with it has just removed it
        return False


def _whole(path: Path) -> Iterator[Path]:
    yield path
    if path.is_dir() and not path.is_symlink():
        yield from path.rglob("*")
