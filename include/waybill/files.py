"""Writing files so that a reader sees the whole file or none."""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from waybill.errors import SourceUnavailable


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yields a path beside ``path`` to write to, and renames it into place when the block ends well.

    Raises SourceUnavailable when it cannot be written (a full disk, …); ``path`` is then as it was.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(6)}.tmp")  # also machines that share a folder differ
    try:
        yield aside
        with aside.open("rb") as handle:
            os.fsync(handle.fileno())
        aside.chmod(0o600)
        aside.replace(path)
    except Exception as error:
        if isinstance(error, OSError) or type(error).__name__ == "IOException":  # DuckDB's, which is not imported here
            said = error.strerror if isinstance(error, OSError) else None
            raise SourceUnavailable(
                f"{path} cannot be written now ({said or type(error).__name__}). Look at the disk and the folder's "
                "owner, then run this again."
            ) from error
        raise
    finally:
        aside.unlink(missing_ok=True)


def left_aside(root: Path) -> Iterator[Path]:
    """The files below a folder that are being written aside, or were when a process was killed, and the log that
    DuckDB keeps beside a database of its own that is."""
    return (path for kind in ("*.tmp", "*.tmp.wal") for path in root.rglob(kind) if path.is_file())


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Yields True while this process alone holds the lock file ``path``, False at once where another one holds it.

    The operating system lets go of the lock when its holder ends, however it ends.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Writes a small JSON file in one piece."""
    with written_aside(path) as aside:
        aside.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def sha256_of_json(said: Mapping[str, object]) -> str:
    """What binds the words of a small JSON file to each other: the SHA-256 of its JSON, in lower-case hex."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in lower-case hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
