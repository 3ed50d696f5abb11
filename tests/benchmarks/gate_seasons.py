"""A month of ordinary seasons, hour by hour, and every alarm that the gate would raise: `gate_seasons.py [EVENTS]`.

None is expected. It prints them, how many files there were, and what one of them costs without Great Expectations.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "quality"))

from deltas import NOW
from seasons import Month, alarms

from waybill.settings import load_settings


def main(events: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({"WAYBILL_HOME": folder}).model_copy(update={"as_of": NOW})
        settings.home.create()
        files = rows = raised = 0
        cpu = 0.0
        for delta in Month(settings, events, hours=tuple(range(24))).files():
            started = time.process_time()
            suspects, broken, _ = alarms(settings, delta)
            cpu += time.process_time() - started
            files, rows, raised = files + 1, rows + delta.rows, raised + suspects + len(broken)
            if suspects or broken:
                print(f"{delta.build_id}: {suspects} rows refused, {broken}", flush=True)  # noqa: T201
        print(f"{rows} events in {files} files: {raised} alarms; {cpu / files:.2f} CPU-s a file")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
