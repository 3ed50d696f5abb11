"""Build the conversion events, freeze what is new, and let the gate judge it.

Starts when rows have landed. `build` runs dbt over the landing files it has not seen and freezes the new
sendable events of each destination into an immutable delta file; it holds the one slot of the pool
`warehouse`, because a DuckDB file belongs to one process. `judge` examines each destination's delta file:
bad rows are set aside with their reasons, a bad set closes the file. `gate` says so, destination by
destination, and `ask` asks a person about a closed file (`approve_closed_file`).

When it fails: a gate that *closes* fails its destination's task once, without a retry, and names the
expectations; while it stays closed for the same reasons, the task is skipped. What was enrolled before is
still delivered. After a *failed build* what was published is as it was, and the next build takes up its rows.
"""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag, task

from waybill import jobs
from waybill.airflow.assets import DELTA, LANDING
from waybill.airflow.tasks import DEFAULTS, WAREHOUSE_POOL, Counts, destinations, questions, run


@dag(
    schedule=[LANDING],
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["waybill", "build", "quality"],
)
def build_conversion_events() -> None:
    @task(pool=WAREHOUSE_POOL)
    def build() -> Counts:
        return run(jobs.build)

    @task(outlets=[DELTA], map_index_template="{{ task.op_kwargs['destination'] }}")
    def gate(destination: str) -> Counts:
        return run(jobs.gate, DELTA, destination=destination)

    ask = TriggerDagRunOperator.partial(
        task_id="ask", trigger_dag_id="approve_closed_file", skip_when_already_exists=True
    )
    judge = task(questions, task_id="judge")()
    build() >> judge >> gate.expand(destination=task(destinations)())
    ask.expand_kwargs(judge)


build_conversion_events()
