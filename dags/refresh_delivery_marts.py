"""Refresh the delivery marts: what was sent, how late it was, and where every candidate is.

Starts when the ledger was published. dbt builds `marts/delivery` from the published files only; it holds
the one slot of the pool `warehouse` while it does.

When it fails: the marts are as they were and the next delivery refreshes them; nothing that is sent depends
on them.
"""

from airflow.sdk import dag, task

from waybill import jobs
from waybill.airflow.assets import LEDGER
from waybill.airflow.tasks import DEFAULTS, WAREHOUSE_POOL, Counts, run


@dag(
    schedule=[LEDGER],
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["waybill", "report"],
)
def refresh_delivery_marts() -> None:
    @task(pool=WAREHOUSE_POOL)
    def refresh_marts() -> Counts:
        return run(jobs.refresh_marts)

    refresh_marts()


refresh_delivery_marts()
