"""The gate: judging the newest delta file, and opening a closed one, which is a person's decision."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from waybill import jobs
from waybill.cli.app import Destination, Json, app, each, print_json
from waybill.settings import load_settings

gate_app = typer.Typer(invoke_without_command=True)
app.add_typer(gate_app, name="gate")


@gate_app.callback()
def gate(context: typer.Context, destination: Destination = None, as_json: Json = False) -> None:
    """Judge the newest delta file; exit 1 when it stays closed."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()

    def judge(name: str) -> Mapping[str, int | float]:
        decision = jobs.gate(settings, name)
        if not as_json:
            typer.echo(f"{decision.table()}\nData Docs: {decision.data_docs or 'none, there was nothing to judge'}")
        return decision.counts()

    each(settings, destination, "gate", judge, as_json)


@gate_app.command("open")
def gate_open(
    file: Annotated[str, typer.Option(metavar="FILE", help="A closed delta file, such as meta/20261120T….")],
    because: Annotated[str, typer.Option(help="Why it may be sent as it is; kept for good. No contact data.")],
    by: Annotated[str | None, typer.Option(help="Who; default: the operating system's user.")] = None,
    as_json: Json = False,
) -> None:
    """Open a closed delta file: its passed rows are enrolled by the next delivery, the quarantined stay out."""
    settings = load_settings()
    found = jobs.closed_file(settings, file)
    approval = jobs.decide(settings, file, opened=True, because=because, by=by, shown=found.decision_sha256)
    counts = {"events": found.decision.passed, "quarantined": found.decision.quarantined}
    if as_json:
        print_json({**asdict(approval), **counts, "superseded_by": found.superseded_by})
        return
    typer.echo(found.decision.table())
    typer.echo(f"{approval.sentence()}. The next delivery enrols its {counts['events']} events.")
    if found.superseded_by:
        typer.echo(
            f"{found.superseded_by} was frozen since: what has changed or come since is not opened with this file; the "
            "build after that delivery freezes it and the gate judges it."
        )
