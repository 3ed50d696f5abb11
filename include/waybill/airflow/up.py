"""``make up``: the sample as a living system, Airflow with its UI and the emulator, until Ctrl-C.

The DAGs run on their own schedules and through their Assets. Everything listens on 127.0.0.1 and lives in
WAYBILL_HOME (``./data``); every process that is started here is ended here.
"""

import sys
import time
from contextlib import ExitStack

from waybill.airflow import shop
from waybill.airflow.living import USER, living_airflow
from waybill.airflow.local import ALL_DAG_IDS, local_environment, local_home, reserved_emulator, running_emulator
from waybill.airflow.processes import end_on_terminate
from waybill.airflow.progress import Progress
from waybill.errors import ConfigurationError, DestinationUnavailable, WaybillError
from waybill.files import locked


def up(progress: Progress) -> None:
    """Starts everything and stays until it is interrupted; WaybillError when a part cannot start or ends by itself."""
    home = local_home()
    with ExitStack() as stack:
        if not stack.enter_context(locked(home.root / "local.lock")):
            raise ConfigurationError(f"Another `make demo` or `make up` is using {home.root}. End it first.")
        emulator = stack.enter_context(reserved_emulator())
        with progress.step(shop.next_step(home)):
            shop.advance(home)
        with progress.step("Start the emulator of Meta's Conversions API"):
            stack.enter_context(running_emulator(home, emulator, local_environment(home, emulator)))
        with progress.step("Start Airflow"):
            airflow = stack.enter_context(living_airflow(home, emulator))
            airflow.let_run(ALL_DAG_IDS)
        progress.say(f"\nAirflow   {airflow.url}   user {USER}, password {airflow.password}")
        progress.say(f"Emulator  {emulator.url}")
        progress.say(f"Home      {home.root}   logs in {home.root / 'logs'}")
        progress.say("\nThe shop is extracted every five minutes, and what follows follows. Ctrl-C ends everything.")
        while True:
            time.sleep(1)
            for name, session in airflow.components.items():
                if not session.is_running:
                    raise DestinationUnavailable(f"Airflow's {name} ended by itself. Its log is {session.log}.")


def main() -> int:
    end_on_terminate()
    progress = Progress()
    try:
        up(progress)
    except WaybillError as error:
        progress.problem(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        progress.say("\nStopped; every process that was started has ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
