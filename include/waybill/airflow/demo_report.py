"""The story that ``make demo`` tells: what came in and went on, where every order is, how late, why, and what next."""

from typing import Any

from rich.console import Console
from rich.table import Table

from waybill.accounting.balance import balance
from waybill.accounting.explain import explain, place_candidates, rows
from waybill.accounting.lag import lag
from waybill.printing import print_balance, print_explanation, print_lag
from waybill.settings import Settings

_EXAMPLES = ("accepted", "withheld", "quarantined")

# One example per state, the newest that happened, and an order rather than a lead: people ask after orders.
_EXAMPLE = """
select source_key
from placed
where state = $state
order by entity = 'orders' desc, occurred_at desc, source_key
limit 1
"""


def print_story(settings: Settings, runs: list[dict[str, Any]], console: Console) -> bool:
    """Prints what a person wants to know of a run; True when the balance of every destination agrees.

    ``runs`` are the four DAG runs as Airflow's database has them: dag_id, run_id, state, and the tasks with what each
    returned and the ``extras`` of its Asset events.
    """
    tasks = [task for run in runs for task in run["tasks"]]
    counts = {task["task_id"]: task["returned"] for task in tasks if isinstance(task["returned"], dict)}
    console.print()
    _print_stages(counts, console)
    console.print()
    balances = balance(settings)
    print_balance(balances)
    console.print()
    print_lag(lag(settings))
    console.print()
    _print_examples(settings, console)
    _print_next(settings, console)
    return all(report.is_balanced for report in balances)


def _print_stages(counts: dict[str, dict[str, Any]], console: Console) -> None:
    table = Table(title="What came in and what went on", title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("stage")
    table.add_column("in", justify="right")
    table.add_column("went on", justify="right")
    table.add_column("what stayed behind, and why", style="dim")
    extracted, built = counts.get("extract", {}), counts.get("build", {})
    judged, delivered = counts.get("gate", {}), counts.get("deliver", {})
    changed, frozen = built.get("candidates_changed", 0), built.get("frozen", 0)
    passed, enrolled = judged.get("passed", 0), delivered.get("enrolled", 0)
    held = f"{judged.get('quarantined', 0):,} quarantined, {judged.get('past_expiry', 0):,} already too old"
    ended = ", ".join(f"{delivered.get(word, 0):,} {word}" for word in ("expired", "rejected", "unknown"))
    stages = (
        ("extract: rows landed", extracted.get("rows", 0), extracted.get("rows", 0), "nothing"),
        ("build: verdicts new or changed", changed, frozen, "no conversion, no consent, invalid, or enrolled before"),
        ("gate: events judged", frozen, passed, held),
        ("deliver: events enrolled", enrolled, delivered.get("accepted", 0), ended),
    )
    for name, came, went, why in stages:
        table.add_row(name, f"{came:,}", f"{went:,}", why)
    console.print(table)


def _print_examples(settings: Settings, console: Console) -> None:
    placed = place_candidates(settings)
    console.print("[bold]Three of them, explained[/bold]")
    for state in _EXAMPLES:
        found = rows(placed, _EXAMPLE, state=state)
        if not found:
            console.print(f"  none is {state} at the moment")
            continue
        for explanation in explain(settings, found[0]["source_key"]):
            print_explanation(explanation)
    console.print()


def _print_next(settings: Settings, console: Console) -> None:
    docs = sorted(settings.home.data_docs.glob("*/*/index.html"))
    console.print("[bold]What to do next[/bold]")
    steps = [
        ("make demo", "again: the shop has gone on a little, and only the delta is delivered"),
        ("make up", "the same as a living system, with Airflow's UI"),
        (".venv/bin/waybill explain ORDER", "why an order is where it is"),
        (".venv/bin/waybill ledger audit", "check every sum, digest and identity"),
    ]
    for command, meaning in steps:
        console.print(f"  {command:<34} {meaning}")
    if docs:
        console.print(f"  {'Data Docs of the gate':<34} {docs[-1]}")
    console.print(f"  {'everything is in':<34} {settings.home_root}")
