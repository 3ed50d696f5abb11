"""Cutting a delta file into batches: rows of one dataset that fit into one request."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from waybill.delivery import ranges
from waybill.delivery.ranges import Ranges
from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict

_COLUMNS: Final = ["row_number", "dataset", "past_expiry", "expires_at", "expires_reason", "payload"]


@dataclass(frozen=True)
class NewBatch:
    """A batch to be: rows of one dataset, and whether they had expired before anybody could send them."""

    dataset: str
    row_ranges: Ranges
    expires_at: int
    past_expiry: bool
    reason: str


def cut(delta: DeltaFile, quarantined: frozenset[int], batch_size: int, request_bytes: int) -> Iterator[NewBatch]:
    """Cuts the enrolled rows, in file order, wherever the dataset changes or a request would become too big."""
    rows: list[int] = []
    first: tuple[bool, str, str] | None = None
    size, soonest, expected = 0, 0, 0
    for number, dataset, past_expiry, expires_at, reason, length in _read(delta):
        if number != expected or length is None:
            raise LedgerConflict(
                f"Row {expected} of {delta.path} is out of place or has no payload. Run `waybill build`."
            )
        expected += 1
        if number in quarantined:
            continue
        kind = (past_expiry, dataset, reason if past_expiry else "")
        if first is not None and (kind != first or len(rows) == batch_size or size + length + 1 > request_bytes):
            yield NewBatch(first[1], ranges.of_rows(rows), soonest, first[0], first[2])
            rows, size = [], 0
        first, soonest = kind, min(soonest, expires_at) if rows else expires_at
        rows.append(number)
        size += length + 1
    if first is not None:
        yield NewBatch(first[1], ranges.of_rows(rows), soonest, first[0], first[2])
    if expected != delta.rows:
        raise LedgerConflict(
            f"{delta.path} holds {expected} rows and its sidecar says {delta.rows}. Run `waybill build`."
        )


def _read(delta: DeltaFile) -> Iterator[tuple[int, str, bool, int, str, int | None]]:
    """Row number, dataset, past expiry, expiry (µs), its reason and the payload's bytes, row by row."""
    with pq.ParquetFile(delta.path) as file:
        for batch in file.iter_batches(columns=_COLUMNS):
            expires_at = batch["expires_at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
            columns = [batch[name] for name in ("row_number", "dataset", "past_expiry")]
            columns += [expires_at, batch["expires_reason"], pc.binary_length(batch["payload"])]
            yield from zip(*(column.to_pylist() for column in columns), strict=True)
