"""``make demo`` interrupted, and where it must not run; what it does otherwise is in tests/docs/test_readme.py."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from started import alive_in

DEMO = [sys.executable, "-W", "ignore", "-m", "waybill.airflow.demo"]


def environment(home: Path) -> dict[str, str]:
    """The machine's own, with settings around it that a local run must not look at."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("WAYBILL_", "AIRFLOW"))}
    return {
        **kept,
        "WAYBILL_HOME": str(home),
        "WAYBILL_WAREHOUSE_URI": "duckdb:////nowhere/real.duckdb",
        "WAYBILL_META_BASE_URL": "https://graph.facebook.com",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////nowhere/real.db",
    }


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_process_and_can_be_run_again(tmp_path: Path, sign: signal.Signals) -> None:
    home = tmp_path / "home"
    with subprocess.Popen(DEMO, env=environment(home), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("DAG build_conversion_events"):
                break
        assert len(alive_in(home)) >= 3  # itself, the emulator, the chain
        process.send_signal(sign)
        rest = process.stdout.read()
    assert "Stopped" in rest and process.returncode == 130
    assert alive_in(home) == []


def test_a_home_with_real_data_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "ledger.sqlite").write_bytes(b"real")
    done = subprocess.run(DEMO, env=environment(home), capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "WAYBILL_HOME" in done.stdout and str(home) in done.stdout
    assert [path.name for path in home.iterdir()] == ["ledger.sqlite"]
