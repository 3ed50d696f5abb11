"""Runs the real DAG files of a chain through Airflow in one process: ``python -m waybill.airflow.chain``.

One process, because starting interpreters is what costs a small run most of its time. The parent (``demo``) gives the
environment, says "go" on standard input when shop and emulator stand, and reads one JSON object a line from standard
output; all that Airflow prints goes to standard error. The last object is what Airflow's database says of these runs.
With ``--prepare`` only the database is made ready.
"""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from typing import IO, Any

from airflow.listeners import hookimpl
from airflow.sdk.listener import get_listener_manager

from waybill.airflow.local import ALL_DAG_IDS, DAG_IDS
from waybill.airflow.tasks import WAREHOUSE_POOL


@dataclass(frozen=True)
class TaskRecord:
    """A task instance as Airflow's database has it, with what it returned and what its Asset events carried."""

    task_id: str
    map_index: int
    state: str
    returned: Any
    extras: list[dict[str, Any]]


@dataclass(frozen=True)
class RunRecord:
    """A DAG run as Airflow's database has it."""

    dag_id: str
    run_id: str
    state: str
    tasks: list[TaskRecord]


class Telling:
    """A listener that tells the parent which task starts and with which message one fails."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def say(self, event: str, **details: Any) -> None:
        self._out.write(json.dumps({"event": event, **details}) + "\n")
        self._out.flush()

    @hookimpl
    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
        self.say("task", dag=task_instance.dag_id, task=task_instance.task_id)

    @hookimpl
    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        self.say("failed", dag=task_instance.dag_id, task=task_instance.task_id, message=str(error))


def prepare_airflow() -> None:
    """Makes or migrates Airflow's database, and the pool that lets one task at a time open the warehouse file."""
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    initdb()
    Pool.create_or_update_pool(
        WAREHOUSE_POOL, slots=1, description="A DuckDB file belongs to one process.", include_deferred=False
    )


def run_dag(dag_id: str, dag_bag: Any) -> tuple[str, bool]:
    """Runs one DAG to its end and returns its run id and whether it succeeded; nothing is retried."""
    dag = dag_bag.dags[dag_id]
    for task in dag.tasks:
        task.retries = 0  # somebody is looking: say at once what is wrong
    run = dag.test()
    return str(run.run_id), run.state == "success"


def read_back(run_ids: dict[str, str]) -> list[RunRecord]:
    """What Airflow's database holds of these runs; a run that is missing there is missing in the answer."""
    from airflow.models.asset import AssetEvent
    from airflow.models.dagrun import DagRun
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    records = []
    with create_session() as session:
        for dag_id, run_id in run_ids.items():
            run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
            if run is None:
                continue
            events = session.scalars(
                select(AssetEvent).where(AssetEvent.source_dag_id == dag_id, AssetEvent.source_run_id == run_id)
            ).all()
            returned = session.scalars(
                select(XComModel).where(
                    XComModel.dag_id == dag_id, XComModel.run_id == run_id, XComModel.key == "return_value"
                )
            ).all()
            values = {(row.task_id, row.map_index): XComModel.deserialize_value(row) for row in returned}
            tasks = [
                TaskRecord(
                    task_id=instance.task_id,
                    map_index=instance.map_index,
                    state=str(instance.state),
                    returned=values.get((instance.task_id, instance.map_index)),
                    extras=[
                        dict(event.extra)
                        for event in events
                        if (event.source_task_id, event.source_map_index) == (instance.task_id, instance.map_index)
                    ],
                )
                for instance in run.get_task_instances(session=session)
            ]
            records.append(RunRecord(dag_id, run_id, str(run.state), tasks))
    return records


def main(arguments: list[str]) -> int:
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    telling = Telling(out)
    prepare_airflow()
    if arguments == ["--prepare"]:
        return 0
    from airflow.dag_processing.dagbag import DagBag

    dag_bag = DagBag()
    if set(dag_bag.dags) != set(ALL_DAG_IDS):
        telling.say("failed", dag="", task="", message=f"The DAG folder cannot be loaded: {dag_bag.import_errors}")
        return 1
    listeners: Any = get_listener_manager()  # not annotated by Airflow
    listeners.add_listener(telling)
    telling.say("ready")
    if sys.stdin.readline().strip() != "go":
        return 1
    run_ids: dict[str, str] = {}
    for dag_id in DAG_IDS:
        begun = time.monotonic()
        telling.say("dag", dag=dag_id)
        run_ids[dag_id], succeeded = run_dag(dag_id, dag_bag)
        if not succeeded:
            break
        telling.say("done", dag=dag_id, seconds=round(time.monotonic() - begun, 1))
    telling.say("runs", runs=[asdict(record) for record in read_back(run_ids)])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
