"""A living Airflow of one home: scheduler, DAG processor, triggerer and API server, on 127.0.0.1 only.

These are the four programs of ``airflow standalone``, started here one by one: its log servers listen on every address
of the machine and cannot be told not to, and its parent leaves its children behind when it is ended.
"""

import json
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from waybill.airflow.local import Emulator, airflow_folder, local_environment, local_secrets, wait_until
from waybill.airflow.processes import Session, reserved_port, started
from waybill.errors import ConfigurationError, DestinationUnavailable
from waybill.home import Home

USER = "admin"
_COMPONENTS = (
    ("api-server",),
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
)
_START_SECONDS = 300


@dataclass
class LivingAirflow:
    """A running Airflow and its REST API, spoken to as its one user."""

    url: str
    password: str
    components: dict[str, Session] = field(default_factory=dict)
    _token: str = ""

    def is_healthy(self) -> bool:
        """Whether the API answers and says that scheduler and DAG processor are alive."""
        try:
            answer = requests.get(f"{self.url}/api/v2/monitor/health", timeout=5)
            health = answer.json()
        except (requests.RequestException, ValueError):
            return False
        return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call of the REST API below ``/api/v2``; DestinationUnavailable when it refuses."""
        if not self._token:
            login = {"username": USER, "password": self.password}
            self._token = self._call("POST", "/auth/token", login)["access_token"]
        return self._call(method, f"/api/v2{path}", body)

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self.ask("GET", "/dags")["dags"]}

    def let_run(self, dag_ids: Collection[str]) -> None:
        """Waits until the DAG files were read, then unpauses these DAGs."""
        processor = self.components["dag-processor"]
        wait_until(
            lambda: set(dag_ids) <= self.dag_ids(), processor, seconds=_START_SECONDS, what="Airflow's DAG processor"
        )
        for dag_id in dag_ids:
            self.ask("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str) -> str:
        """Starts one run of a DAG and returns its run id."""
        return str(self.ask("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"])

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The runs of a DAG, newest first: ``dag_run_id``, ``run_type``, ``state`` and what else the API says."""
        runs: list[dict[str, Any]] = self.ask("GET", f"/dags/{dag_id}/dagRuns?order_by=-run_after")["dag_runs"]
        return runs

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=30)
        if not answer.ok:
            raise DestinationUnavailable(f"Airflow answered {answer.status_code} to {method} {path}.")
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def living_airflow(home: Home, emulator: Emulator, *, preferred_port: int = 8080) -> Iterator[LivingAirflow]:
    """A living Airflow for as long as the block runs; its DAGs are paused unless someone has unpaused them."""
    logs = home.root / "logs"
    with ExitStack() as stack:
        port = stack.enter_context(reserved_port(preferred_port))
        env = _environment(home, emulator, port)
        prepare = [sys.executable, "-W", "ignore", "-m", "waybill.airflow.chain", "--prepare"]
        with started(prepare, env=env, log=logs / "airflow.log") as session:
            if session.wait() != 0:
                raise ConfigurationError(f"Airflow's database cannot be made. The log is {session.log}.")
        airflow = LivingAirflow(env["AIRFLOW__API__BASE_URL"], local_secrets(home).admin_password)
        for name, *options in _COMPONENTS:
            command = [sys.executable, "-W", "ignore", "-m", "airflow", name, *options]
            log = logs / f"airflow-{name}.log"
            airflow.components[name] = stack.enter_context(started(command, env=env, log=log))
        api = airflow.components["api-server"]
        wait_until(airflow.is_healthy, api, seconds=_START_SECONDS, what="Airflow's API server")
        yield airflow


def _environment(home: Home, emulator: Emulator, port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{port}"
    passwords = airflow_folder(home) / "passwords.json"
    passwords.touch(mode=0o600)
    passwords.write_text(json.dumps({USER: local_secrets(home).admin_password}) + "\n", encoding="utf-8")
    return {
        **local_environment(home, emulator),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }
