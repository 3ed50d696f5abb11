"""A file of withdrawals says what was written to it, or delivery is refused: whatever byte of it was flipped."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from outbox import LATER, events, freeze

from waybill.delivery import withdrawals
from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict
from waybill.home import Home


@pytest.fixture
def delta(tmp_path: Path) -> DeltaFile:
    home = Home(tmp_path / "home")
    first = freeze(home, events(3)).file_id
    return freeze(home, [], build=LATER, after=first, withdrawals=[(first, 0, "consent"), (first, 2, "cancelled")])


def test_a_flipped_bit_is_named_or_changes_nothing(delta: DeltaFile) -> None:
    whole, rows = delta.withdrawals_path.read_bytes(), withdrawals.read(delta)
    said: Counter[str] = Counter()
    for place in range(4, len(whole), 9):
        flipped = whole[place] ^ 1 << place % 8
        delta.withdrawals_path.write_bytes(whole[:place] + bytes([flipped]) + whole[place + 1 :])
        try:
            assert withdrawals.read(delta) == rows
        except LedgerConflict as conflict:
            assert "Run `waybill build`" in str(conflict)
            said["not as written" if "not the rows that were written" in str(conflict) else "unreadable"] += 1
    assert said["not as written"] > 5
    assert said["unreadable"] > 5


def test_every_column_counts(delta: DeltaFile) -> None:
    whole = pq.read_table(delta.withdrawals_path)
    for place, column in enumerate(whole.schema):
        other = pa.array([7, 8] if column.type == pa.int64() else ["x", "x"])
        pq.write_table(whole.set_column(place, column.name, other), delta.withdrawals_path)
        with pytest.raises(LedgerConflict, match="not the rows that were written there"):
            withdrawals.read(delta)
    for table in (whole.slice(1), pa.concat_tables([whole, whole.slice(1)])):
        pq.write_table(table, delta.withdrawals_path)
        with pytest.raises(LedgerConflict, match="not the rows that were written there"):
            withdrawals.read(delta)


def test_columns_that_are_called_bytes_are_read_as_the_texts_that_they_are(delta: DeltaFile) -> None:
    whole, rows = pq.read_table(delta.withdrawals_path), withdrawals.read(delta)
    pq.write_table(whole.set_column(0, "file_id", whole["file_id"].cast(pa.binary())), delta.withdrawals_path)
    assert withdrawals.read(delta) == rows


def test_a_file_of_an_older_version_has_no_digest_and_is_read(delta: DeltaFile) -> None:
    rows = withdrawals.read(delta)
    pq.write_table(pq.read_table(delta.withdrawals_path).replace_schema_metadata(), delta.withdrawals_path)
    assert withdrawals.read(delta) == rows
    assert [(row.row_number, row.reason) for row in rows] == [(0, "consent"), (2, "cancelled")]
