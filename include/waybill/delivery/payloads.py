"""Reading delta files by row: the frozen payloads, and what delivery needs to know of their events."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from waybill.delivery.queries import FileRow
from waybill.delivery.ranges import Ranges
from waybill.errors import LedgerConflict
from waybill.files import sha256_of
from waybill.home import Home

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FrozenRow(NamedTuple):
    """One event of a delta file; times in microseconds since 1970."""

    row_number: int
    event_kind: str
    event_name: str
    event_id: str | None
    source_key: str
    occurred_at: int
    expires_at: int
    expires_reason: str
    payload: str


def microseconds(moment: datetime) -> int:
    """A moment as a ``FrozenRow`` counts it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(microseconds: int) -> datetime:
    """The inverse of ``microseconds``."""
    return _EPOCH + timedelta(microseconds=microseconds)


class FrozenRows:
    """One delta file, read a row group at a time; the last group is kept, because batches follow the file's order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = pq.ParquetFile(path)
        self._starts = [0]
        for group in range(self._file.metadata.num_row_groups):
            self._starts.append(self._starts[-1] + self._file.metadata.row_group(group).num_rows)
        self._kept: tuple[int, pa.Table] | None = None

    def take(self, wanted: Ranges) -> list[FrozenRow]:
        """These rows, ascending; LedgerConflict when the file does not hold them."""
        if wanted and wanted[-1][1] > self._starts[-1]:
            raise LedgerConflict(f"The ledger names row {wanted[-1][1] - 1} of {self._path}, which has fewer rows.")
        taken: list[FrozenRow] = []
        for group in range(len(self._starts) - 1):
            start, end = self._starts[group], self._starts[group + 1]
            for first, after in wanted:
                if first < end and after > start:
                    low = max(first, start)
                    taken += _rows(self._read(group).slice(low - start, min(after, end) - low))
        return taken

    def _read(self, group: int) -> pa.Table:
        if self._kept is None or self._kept[0] != group:
            table = self._file.read_row_group(group, columns=list(FrozenRow._fields)).select(FrozenRow._fields)
            for time in ("occurred_at", "expires_at"):
                place = table.schema.get_field_index(time)
                as_numbers = table.column(time).cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
                table = table.set_column(place, time, as_numbers)
            self._kept = (group, table)
        return self._kept[1]


class OpenFiles:
    """The delta files that this run sends from, each verified against the ledger's digest before it is read."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._of: dict[str, FrozenRows] = {}

    def verify(self, files: Iterable[FileRow]) -> None:
        """Opens these files; raises LedgerConflict for one that is missing or not the one that was enrolled."""
        for file in files:
            if self.hold(file.file_id):
                continue
            path = self._home.root / file.path
            verify(path, file.sha256)
            self._of[file.file_id] = FrozenRows(path)

    def hold(self, file_id: str) -> bool:
        """Whether this run may send from a file: it was verified."""
        return file_id in self._of

    def take(self, file_id: str, wanted: Ranges) -> list[FrozenRow]:
        return self._of[file_id].take(wanted)


def verify(path: Path, sha256: str) -> None:
    """Raises LedgerConflict when a delta file is missing or is not the one that was enrolled."""
    if not path.exists():
        raise LedgerConflict(
            f"The delta file {path} is missing, and enrolled events wait in it. Restore it from a backup; nothing is "
            "sent until it is back."
        )
    if sha256_of(path) != sha256:
        raise LedgerConflict(
            f"The delta file {path} is damaged: its SHA-256 is not the one it was enrolled with. Restore it from a "
            "backup; nothing is sent until it is whole."
        )


def _rows(table: pa.Table) -> list[FrozenRow]:
    return [FrozenRow(*row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
