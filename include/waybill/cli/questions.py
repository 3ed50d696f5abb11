"""The questions that people ask; nothing here changes a store."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from waybill.cli.app import Destination, Json, ShowValues, app, print_json
from waybill.errors import WaybillError
from waybill.settings import load_settings


@app.command()
def balance(as_json: Json = False) -> None:
    """Where every candidate is, and whether the sums agree; exit 1 when they do not."""
    from waybill.accounting.balance import balance as add_up
    from waybill.delivery.pauses import all_paused
    from waybill.printing import print_balance

    settings = load_settings()
    reports, paused = add_up(settings), all_paused(settings)
    if as_json:
        told = {report.destination: report.as_json() for report in reports}
        print_json({"destinations": told, "paused": {name: asdict(pause) for name, pause in paused.items()}})
    else:
        print_balance(reports)
        for pause in paused.values():
            typer.echo(f"{pause.sentence()}.")
    if not all(report.is_balanced for report in reports):
        raise typer.Exit(1)


@app.command()
def lag(as_json: Json = False) -> None:
    """How long events take, stage by stage, against the platform's bands."""
    from waybill.accounting.lag import lag as measure
    from waybill.printing import print_lag

    reports = measure(load_settings())
    if as_json:
        print_json({"destinations": {report.destination: report.as_json() for report in reports}})
    else:
        print_lag(reports)


@app.command()
def explain(wanted: Annotated[str, typer.Argument(metavar="ORDER-OR-LEAD-OR-EVENT")], as_json: Json = False) -> None:
    """Everything that happened to one order, lead or event."""
    from waybill.accounting.explain import explain as find
    from waybill.printing import print_explanation

    explanations = find(load_settings(), wanted)
    if as_json:
        print_json([explanation.as_json() for explanation in explanations])
    else:
        for explanation in explanations:
            print_explanation(explanation)


@app.command()
def preview(
    wanted: Annotated[str | None, typer.Argument(metavar="ORDER-OR-LEAD-OR-EVENT")] = None,
    destination: Destination = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many payloads per destination.")] = 3,
    show_values: ShowValues = False,
    as_json: Json = False,
) -> None:
    """The payloads that are sent, as they are frozen: of one order, lead or event, or the first of the newest file."""
    from waybill.accounting.preview import preview as find
    from waybill.printing import print_preview

    found = find(load_settings(), wanted, destination=destination, limit=limit, show_values=show_values)
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        for one in found:
            print_preview(one)


@app.command()
def doctor(as_json: Json = False) -> None:
    """What is wrong with the contact data in your warehouse, in counts, and what can be done about it."""
    from waybill.printing import print_examination
    from waybill.warehouse.doctor import examine

    examination = examine(load_settings())
    if as_json:
        print_json(examination.as_json())
    else:
        print_examination(examination)


@app.command()
def diff(
    against: Annotated[str | None, typer.Option(metavar="BUILD", help="A build's id; the newest by default.")] = None,
    as_json: Json = False,
) -> None:
    """What these models and settings would tell differently from a build, before they are deployed."""
    from waybill.printing import print_diff
    from waybill.warehouse.diff import diff as compare

    found = compare(load_settings(), against)
    if as_json:
        print_json({"destinations": {one.destination: one.as_json() for one in found}})
    else:
        for one in found:
            print_diff(one)


@app.command()
def normalize(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns field,input,country,order.")],
    show_values: ShowValues = False,
    as_json: Json = False,
) -> None:
    """What the SQL macros make of identifiers in a file: normalised, hashed, or dropped and why."""
    from waybill.warehouse.normalizing import normalize_file

    rows = [row.as_json(show_values=show_values) for row in normalize_file(load_settings(), file)]
    if as_json:
        print_json(rows)
    else:
        from waybill.printing import print_rows

        print_rows("Identifiers", [{**row, **_lists_as_text(row)} for row in rows])


@app.command()
def probe(destination: Destination = None, as_json: Json = False) -> None:
    """Ask the platform whether it would take events: reachable, token, dataset. Creates no conversion."""
    from waybill.delivery.probe import probe as ask
    from waybill.delivery.probe import raise_for

    settings = load_settings()
    names = [destination] if destination is not None else list(settings.destinations)
    probes = [found for name in names for found in ask(settings, name)]
    if as_json:
        print_json({name: [one.as_json() for one in probes if one.destination == name] for name in names})
    else:
        for one in probes:
            typer.echo("\n".join(one.lines()))
    raise_for(probes)


@app.command()
def config(as_json: Json = False) -> None:
    """The settings as they are in force, secrets blotted out, and which destinations are paused."""
    from waybill.delivery.pauses import all_paused

    settings = load_settings()
    values = settings.redacted()
    try:
        values["paused"] = {name: asdict(pause) for name, pause in all_paused(settings).items()}
    except WaybillError as error:  # who looks at the settings may be looking for why the ledger cannot be read
        values["paused"] = f"not known: {error}"
    print_json(values) if as_json else typer.echo(json.dumps(values, indent=2, default=str))


def _lists_as_text(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: " ".join(value) for name, value in row.items() if isinstance(value, list)}
