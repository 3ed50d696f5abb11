"""Which processes were started for a home."""

from pathlib import Path

import psutil


def alive_in(home: Path) -> list[psutil.Process]:
    """Processes that were started for this home and still live."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("WAYBILL_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:  # it has just ended, or is somebody else's
            continue
    return found
