"""Looking for words in every byte of a folder, also inside Parquet columns, where they are compressed."""

from collections.abc import Collection
from pathlib import Path

import pyarrow.parquet as pq


def found_in(root: Path, words: Collection[str], *, but: Collection[str] = ()) -> dict[str, set[str]]:
    """Word → the files (relative to ``root``) that hold it; ``but`` are the names of files that are not ours."""
    found: dict[str, set[str]] = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.name not in but):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += repr(pq.read_table(path).to_pylist()).encode()
        for word in words:
            if word.encode() in content:
                found.setdefault(word, set()).add(str(path.relative_to(root)))
    return found
