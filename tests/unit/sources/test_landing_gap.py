"""The watermark stops before a gap: a deleted landing file is read again, never skipped."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from waybill.sources.landing import newest_end
from waybill.sources.windows import Window

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_deleted_window_moves_the_watermark_back(tmp_path: Path) -> None:
    windows = [Window(None, NOON)]
    for hour in range(1, 4):
        windows.append(Window(windows[-1].end - timedelta(minutes=15), NOON + timedelta(hours=hour)))
    for window in windows:
        pq.write_table(pa.table({"id": [1]}), tmp_path / window.file_name)
    assert newest_end(tmp_path) == NOON + timedelta(hours=3)
    (tmp_path / windows[2].file_name).unlink()
    assert newest_end(tmp_path) == NOON + timedelta(hours=1)
