"""Reads the DAG folder as Airflow does and prints what it found as JSON; run by tests in a process of its own."""

import json
import sys
from pathlib import Path

TOUCHED: list[str] = []
WATCHED = (
    "open",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "socket.connect",
    "socket.bind",
    "sqlite3.connect",
    "subprocess.Popen",
)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event not in WATCHED:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = isinstance(flags, int) and flags & 0b11 != 0
        in_home = str(path).startswith(str(HOME))
        if not writes and not in_home:
            return  # reading Python's own files
        if str(path).endswith((".pyc", "/dev/null")) or "__pycache__" in str(path):
            return
        arguments = (path, mode)
    TOUCHED.append(f"{event}{arguments!r}")


def describe(folder: Path) -> dict[str, object]:
    from airflow.dag_processing.dagbag import DagBag

    DagBag(dag_folder="/dev/null")  # what Airflow itself opens when it first reads a folder is not ours
    before = set(sys.modules)
    sys.addaudithook(_watch)
    TOUCHED.clear()
    bag = DagBag(dag_folder=str(folder))
    touched = list(TOUCHED)
    return {
        "errors": {str(path): text for path, text in bag.import_errors.items()},
        "touched": touched,
        "modules": sorted(set(sys.modules) - before),
        "dags": {dag_id: _dag(dag) for dag_id, dag in bag.dags.items()},
    }


def _dag(dag) -> dict[str, object]:  # type: ignore[no-untyped-def]
    timetable = dag.timetable
    condition = getattr(timetable, "asset_condition", None)
    return {
        "file": dag.fileloc,
        "doc": dag.doc_md,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "timetable": type(timetable).__name__,
        "cron": getattr(getattr(timetable, "timetable", timetable), "expression", None),
        "assets": sorted(asset.name for asset in condition.objects) if condition is not None else [],
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
    }


def _task(task) -> dict[str, object]:  # type: ignore[no-untyped-def]
    return {
        "owner": task.owner,
        "retries": task.retries,
        "retry_delay": task.retry_delay.total_seconds(),
        "pool": task.pool,
        "outlets": sorted(asset.name for asset in task.outlets),
        "upstream": sorted(task.upstream_task_ids),
        "is_mapped": task.is_mapped,
        "map_index_template": getattr(task, "map_index_template", None) or task.partial_kwargs.get("map_index_template")
        if task.is_mapped
        else None,
    }


if __name__ == "__main__":
    HOME = Path(sys.argv[2])
    sys.stdout.write(json.dumps(describe(Path(sys.argv[1])), default=str))
