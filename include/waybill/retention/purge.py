"""Purging: what is older than it has to be leaves the home, and every sum stays as it was.

Each step stands by itself and only removes what nothing needs any more, so a process may be killed anywhere, and the
next purge goes on.
"""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from waybill import tombstones
from waybill.delivery.fold import fold
from waybill.retention import landed, outdated
from waybill.settings import Settings
from waybill.sources.landing import sole_writer
from waybill.warehouse.build import alone

_log = logging.getLogger(__name__)


@dataclass
class Purge:
    """What a purge did, or would do: files and bytes by what they are, and what a person should know.

    Bytes of ``landing`` are those that are freed; in a dry run those of all old windows, of which a part stays.
    """

    dry_run: bool
    files: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    folded: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, kind: str, files: int, size: int) -> None:
        self.files[kind] = self.files.get(kind, 0) + files
        self.bytes[kind] = self.bytes.get(kind, 0) + size

    def counts(self) -> dict[str, int | float]:
        """Files and bytes of each kind, and how many delta files had their keys folded."""
        told: dict[str, int | float] = {}
        for kind, files in self.files.items():
            told |= {f"{kind}_files": files, f"{kind}_bytes": self.bytes[kind]}
        return {**told, "folded": self.folded}


def purge(settings: Settings, *, dry_run: bool = False) -> Purge:
    """Removes what is older than ``[retention]`` in waybill.toml says, after folding the keys of what is settled.

    Raises SourceUnavailable while a build or an extraction is at work, or when a file cannot be read or written;
    LedgerConflict when key files or the ledger contradict what is there. What was purged until then stays purged.
    """
    home, now, retention = settings.home, settings.clock.now(), settings.retention
    home.create()
    done = Purge(dry_run)
    cutoff = now - timedelta(days=retention.days)
    with alone(home):
        tombstones.refuse_unfinished(home)
        with sole_writer(home.landing):
            old = landed.due(settings, cutoff)
            size = sum(one.bytes for one in old)
            windows = sum(len(one.old) for one in old)
            done.add("landing", windows, size if dry_run else landed.compact(settings, old, now))
        for folder in sorted(path for path in home.delta.glob("*") if path.is_dir()):
            folding = fold(home, folder.name, dry_run=dry_run)
            done.folded += folding.folded
            done.add("key", folding.removed, folding.bytes)
            gone, kept = outdated.delta_files(home, folder.name, cutoff, dry_run=dry_run)
            _remove(done, "delta", gone)
            if kept:
                done.notes.append(
                    f"{kept} delta files of {folder.name} are older than {retention.days} days and are kept: events in "
                    "them wait or are unknown (`waybill ledger resolve` ends that), or their keys are not folded yet"
                )
        _remove(done, "data_docs", outdated.data_docs(home, now - timedelta(days=retention.data_docs_days)))
        _remove(done, "log", outdated.logs(home, retention.days))
        _remove(done, "leftover", outdated.leftovers(home))
    _log.info("%s: %s", "would purge" if dry_run else "purged", done.counts())
    return done


def _remove(done: Purge, kind: str, paths: Sequence[Path]) -> None:
    """Removes files and folders, in this order, and counts them."""
    sizes = [sum(part.lstat().st_size for part in (path, *path.rglob("*")) if part.is_file()) for path in paths]
    done.add(kind, len(paths), sum(sizes))
    if done.dry_run:
        return
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
