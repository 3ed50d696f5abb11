"""Purge the home: what is older than it has to be leaves it, and every sum stays as it was.

Once a day, in the night. The keys of settled delta files are folded; old landing windows become one file per
table without personal columns; delta files, Data Docs pages, logs and what killed processes have left are
removed. `[retention]` in waybill.toml says after how many days, docs/retention.md what and why. It holds the
one slot of the pool `warehouse`, because a build must not read a window that is just going.

When it fails: *source unavailable* (an extraction was at work) is tried again; a *ledger conflict* names the
file that is damaged, and nothing that depends on it was removed. What was purged until then stays purged.
"""

from airflow.sdk import CronTriggerTimetable, dag, task

from waybill import jobs
from waybill.airflow.tasks import DEFAULTS, WAREHOUSE_POOL, Counts, run


@dag(
    schedule=CronTriggerTimetable("17 3 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["waybill", "purge"],
)
def purge_home() -> None:
    @task(pool=WAREHOUSE_POOL)
    def purge() -> Counts:
        return run(jobs.purge)

    purge()


purge_home()
