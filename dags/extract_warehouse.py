"""Extract the warehouse.

Every five minutes the rows that were inserted or updated since the last window land as Parquet files, one
per table. Windows overlap backwards, so that a late commit is not missed; running a window again replaces
its file. Nothing is locked: only the shop's own warehouse is read.

When it fails: *source unavailable* is tried again and then left to the next run, which reads from the same
watermark; a *configuration error* names the setting to mend.
"""

from airflow.sdk import dag, task

from waybill import jobs
from waybill.airflow.assets import LANDING
from waybill.airflow.tasks import DEFAULTS, Counts, run


@dag(
    schedule="*/5 * * * *",
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["waybill", "extract"],
)
def extract_warehouse() -> None:
    @task(outlets=[LANDING])
    def extract() -> Counts:
        return run(jobs.extract, LANDING)

    extract()


extract_warehouse()
