"""The soak, for twenty seconds."""

import os
import subprocess
import sys
from pathlib import Path


def test_twenty_seconds_of_soak() -> None:
    here = Path(__file__).parent
    script = here / "soak.py"
    path = os.pathsep.join([str(here.parent), str(here.parent / "integration" / "delivery")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), "--minutes", str(20 / 60)],
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the promise held" in done.stdout
    assert "Traceback" not in done.stderr
