"""The Airflow of one home: its folder, its environment, its secrets, and the emulator beside it.

A local run does not look at the WAYBILL_… and AIRFLOW… variables around it, except WAYBILL_HOME: they may lead to
real data.
"""

import base64
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

import waybill
from waybill.airflow.processes import Session, reserved_port, started
from waybill.airflow.settings import environment
from waybill.errors import ConfigurationError, DestinationUnavailable
from waybill.home import Home
from waybill.settings import load_settings

PROJECT = Path(waybill.__file__).parents[2]
DAG_IDS = ("extract_warehouse", "build_conversion_events", "deliver_conversions", "refresh_delivery_marts")
"""The DAGs that follow one another, in this order."""

ALL_DAG_IDS = (*DAG_IDS, "approve_closed_file", "purge_home")

EMULATOR_DATASET = "1000000000000001"
_WAYBILL = "from waybill.cli import main; main()"


@dataclass(frozen=True)
class LocalSecrets:
    """What the processes of one home share; kept in an owner-only file."""

    admin_password: str
    fernet_key: str
    jwt_secret: str
    emulator_token: str


@dataclass(frozen=True)
class Emulator:
    """Where the emulator of a local run listens."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def local_home() -> Home:
    """The home of a local run, made when missing; ConfigurationError for a home that holds real data."""
    where = environment({}).get("WAYBILL_HOME", "")
    home = load_settings({"WAYBILL_HOME": where}).home
    has_data = any(path.exists() for path in (home.ledger_file, home.warehouse_file))
    if has_data and not home.facts().is_sample:
        raise ConfigurationError(
            f"{home.root} holds data that `waybill sample` did not make, and a local run only works on a sample. "
            "Set WAYBILL_HOME to an empty folder."
        )
    home.create()
    return home


def airflow_folder(home: Home) -> Path:
    return home.root / "airflow"


def local_secrets(home: Home) -> LocalSecrets:
    """The secrets of a home's own Airflow, made at random the first time."""
    path = airflow_folder(home) / "secrets.json"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = LocalSecrets(
            admin_password=secrets.token_urlsafe(12),
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            jwt_secret=secrets.token_hex(32),
            emulator_token=secrets.token_hex(16),
        )
        path.touch(mode=0o600)
        path.write_text(json.dumps(made.__dict__), encoding="utf-8")
    return LocalSecrets(**json.loads(path.read_text(encoding="utf-8")))


def local_environment(home: Home, emulator: Emulator) -> dict[str, str]:
    """The environment of every process of a local run: this home, its own Airflow on SQLite, and the emulator."""
    kept = {key: value for key, value in environment({}).items() if not key.startswith(("WAYBILL_", "AIRFLOW"))}
    folder, own = airflow_folder(home), local_secrets(home)
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{kept.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        "WAYBILL_HOME": str(home.root),
        "WAYBILL_META_DATASET_ID": EMULATOR_DATASET,
        "WAYBILL_META_ACCESS_TOKEN": own.emulator_token,
        "WAYBILL_META_BASE_URL": emulator.url,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": own.fernet_key,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",  # the default of 32 keeps 32 workers in memory
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API_AUTH__JWT_SECRET": own.jwt_secret,
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


@contextmanager
def running_emulator(home: Home, emulator: Emulator, env: dict[str, str]) -> Iterator[Session]:
    """The emulator as a process of its own for as long as the block runs."""
    command = [sys.executable, "-c", _WAYBILL, "emulator", "--port", str(emulator.port)]
    with started(command, env=env, log=home.root / "logs" / "emulator.log") as session:
        wait_until(lambda: _answers(emulator.url, session.pid), session, seconds=60, what="The emulator")
        yield session


@contextmanager
def reserved_emulator(preferred_port: int = 8085) -> Iterator[Emulator]:
    """Where an emulator may listen for as long as the block runs; it is not started yet."""
    with reserved_port(preferred_port) as port:
        yield Emulator(port)


def wait_until(ready: Callable[[], bool], session: Session, *, seconds: float, what: str) -> None:
    """Polls until a started process is ready; DestinationUnavailable with its log when it ends or takes too long."""
    end = time.monotonic() + seconds
    while not ready():
        if not session.is_running or time.monotonic() > end:
            state = "did not answer in time" if session.is_running else "ended while starting"
            raise DestinationUnavailable(f"{what} {state}. Its log is {session.log}.")
        time.sleep(0.25)


def _answers(url: str, pid: int) -> bool:
    """Whether this process answers there, and not an emulator that somebody else has started."""
    try:
        return bool(requests.get(f"{url}/_emulator/health", timeout=2).json()["pid"] == pid)
    except (requests.RequestException, LookupError):
        return False
