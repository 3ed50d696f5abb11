"""``make demo``: a made-up shop, a local platform, and the four real DAGs run once through Airflow.

Run again, the shop has gone on a little and only the delta is delivered. Everything lives in WAYBILL_HOME (``./data``),
which must be new or a sample's; every process that is started here is ended here.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from waybill.airflow import demo_report, shop
from waybill.airflow.local import DAG_IDS, local_environment, local_home, reserved_emulator, running_emulator
from waybill.airflow.processes import Session, end_on_terminate, started
from waybill.airflow.progress import Progress
from waybill.errors import BuildFailed, ConfigurationError, WaybillError
from waybill.files import locked
from waybill.settings import load_settings

TITLES = {
    "extract_warehouse": "extract the warehouse",
    "build_conversion_events": "build, freeze and judge the conversion events",
    "deliver_conversions": "deliver the conversions",
    "refresh_delivery_marts": "refresh the delivery marts",
}


def demo(progress: Progress) -> bool:
    """Runs the demo and prints its story; False when the sums do not agree. WaybillError when a step fails."""
    home = local_home()
    with ExitStack() as stack:
        if not stack.enter_context(locked(home.root / "local.lock")):
            raise ConfigurationError(f"Another `make demo` or `make up` is using {home.root}. End it first.")
        emulator = stack.enter_context(reserved_emulator())
        env = local_environment(home, emulator)
        log = home.root / "logs" / "airflow.log"
        log.unlink(missing_ok=True)
        command = [sys.executable, "-W", "ignore", "-m", "waybill.airflow.chain"]
        chain = stack.enter_context(started(command, env=env, log=log, piped=True))
        with progress.step(shop.next_step(home)):
            shop.advance(home)
        with progress.step("Start the emulator of Meta's Conversions API"):
            stack.enter_context(running_emulator(home, emulator, env))
        runs = follow(chain, progress)
        settings = load_settings(env)
        return demo_report.print_story(settings, runs, progress.console)


def follow(chain: Session, progress: Progress) -> list[dict[str, Any]]:
    """Shows the chain's steps and returns its runs as Airflow's database has them; BuildFailed when one is missing."""
    told = _told(chain)
    with progress.step("Prepare Airflow"):
        _until(told, chain, "ready")
        chain.input.write("go\n")
        chain.input.flush()
    for dag_id in DAG_IDS:
        with progress.step(f"DAG {dag_id}: {TITLES[dag_id]}"):
            _until(told, chain, "done")
    runs: list[dict[str, Any]] = _until(told, chain, "runs")["runs"]
    succeeded = [run["dag_id"] for run in runs if run["state"] == "success"]
    if succeeded != list(DAG_IDS):
        raise BuildFailed(
            f"Airflow's database holds successful runs of {', '.join(succeeded) or 'nothing'} instead of all four "
            f"DAGs. Airflow's log is {chain.log}."
        )
    return runs


def _told(chain: Session) -> Iterator[dict[str, Any]]:
    for line in chain.output:
        yield json.loads(line)


def _until(told: Iterator[dict[str, Any]], chain: Session, event: str) -> dict[str, Any]:
    """The next event of a kind; BuildFailed with the task's own message when a task fails before it comes."""
    for message in told:
        if message["event"] == event:
            return message
        if message["event"] == "failed":
            task = f"{message['dag']}.{message['task']}".strip(".")
            raise BuildFailed(f"{task} failed: {message['message']}\nAirflow's log is {chain.log}.")
    raise BuildFailed(f"Airflow ended before it was done. Its log is {chain.log}.")


def main() -> int:
    end_on_terminate()
    progress = Progress()
    try:
        return 0 if demo(progress) else 1
    except WaybillError as error:
        progress.problem(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        progress.say("\nStopped; every process that was started has ended.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
