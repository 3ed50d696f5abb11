"""Ask a person about a closed delta file.

`build_conversion_events` starts one run of this DAG for each closing of the gate. `ask` shows the failed
expectations under *Required Actions* and waits: **Open the file** lets the next delivery enrol its passed
rows, **Keep it closed** leaves it to whoever mends the data. Either way the gate keeps who answered, when
and why.

A request ends by itself, skipped and saying why, when a newer file is open, when somebody has answered, or
after an hour in favour of one about the newest file. To be asked about a file of your choice, trigger this
DAG with its `file_id`.
"""

from datetime import timedelta
from functools import partial

from airflow.sdk import Param, dag, task

from waybill import jobs
from waybill.airflow.approval import ANSWER, FORM, AskPerson
from waybill.airflow.assets import DELTA
from waybill.airflow.tasks import DEFAULTS, Counts, run


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=16,
    dagrun_timeout=timedelta(days=7),
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["waybill", "quality"],
    params={
        "file_id": Param(type="string", description="A closed delta file, such as meta/20261120T030000000000Z-000071."),
        "request": Param("", type="string", description="The gate's name of the question; empty when a person asks."),
    },
)
def approve_closed_file() -> None:
    @task(outlets=[DELTA])
    def open_file(answer: dict[str, str]) -> Counts:
        return run(partial(jobs.decide, opened=True), DELTA, **answer)

    @task
    def keep_closed(answer: dict[str, str]) -> Counts:
        return run(partial(jobs.decide, opened=False), **answer)

    ask = AskPerson(
        task_id="ask",
        file_id="{{ params.file_id }}",
        request="{{ params.request }}",
        opens="open_file",
        keeps="keep_closed",
        params=FORM,
    )
    open_file(ask.output[ANSWER])
    keep_closed(ask.output[ANSWER])


approve_closed_file()
