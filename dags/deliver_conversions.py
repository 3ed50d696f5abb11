"""Deliver the conversions, one mapped task for each destination.

Starts when a delta file is open, and every ten minutes anyway, so that a closed gate or a failed build does
not let what is already enrolled expire. Each task enrols the newest open delta file, sends what is pending,
notes every answer in the ledger and publishes it. It opens no warehouse and holds no pool while it waits
for the platform.

When it fails: a *rejected event* never fails a task, it is in the ledger with its reason. *Destination
unavailable* is tried again with the queue as it is; a *configuration error* (a token, a permission) waits
for a person.
"""

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from waybill import jobs
from waybill.airflow.assets import DELTA, LEDGER
from waybill.airflow.tasks import DEFAULTS, Counts, destinations, run


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/10 * * * *", timezone="UTC"), assets=[DELTA]),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["waybill", "deliver"],
)
def deliver_conversions() -> None:
    @task(outlets=[LEDGER], map_index_template="{{ task.op_kwargs['destination'] }}")
    def deliver(destination: str) -> Counts:
        return run(jobs.deliver, LEDGER, destination=destination)

    deliver.expand(destination=task(destinations)())


deliver_conversions()
