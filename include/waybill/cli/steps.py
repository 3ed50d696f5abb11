"""The steps of a run, one verb each."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from waybill import jobs
from waybill.cli.app import Destination, Json, app, each, moment_of, print_json, show
from waybill.errors import GateClosed
from waybill.redaction import printable
from waybill.settings import Settings, load_settings


@app.command()
def sample(
    orders: Annotated[int | None, typer.Option(min=1, help="How many orders; 5000 for a new shop.")] = None,
    leads: Annotated[int | None, typer.Option(min=0, help="How many leads; 1500 for a new shop.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same shop.")] = 7,
    into: Annotated[
        str | None, typer.Option(help="duckdb:///shop.duckdb or postgresql://…; default: the home.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Fix this home's clock at this moment (ISO 8601).")] = None,
    later: Annotated[
        bool, typer.Option(help="Add a later slice instead; 5 % of the shop if no size is given.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a realistic shop, with an honest share of everyday mess."""
    from waybill.sample import add_slice, make

    settings = load_settings()
    settings.home.create()
    moment = moment_of(as_of)
    if later:
        report = add_slice(settings, orders=orders, leads=leads, into=into, as_of=moment)
    else:
        report = make(
            settings, orders=orders or 5000, leads=1500 if leads is None else leads, seed=seed, into=into, as_of=moment
        )
    show("sample", report.counts(), as_json)


@app.command()
def extract(as_json: Json = False) -> None:
    """Land what the warehouse inserted or updated since the last window."""
    show("extract", jobs.extract(load_settings()).counts(), as_json)


@app.command()
def build(
    full_refresh: Annotated[bool, typer.Option(help="Read every landing file again.")] = False, as_json: Json = False
) -> None:
    """Build the marts with dbt and freeze what is new."""
    show("build", jobs.build(load_settings(), full_refresh=full_refresh).counts(), as_json)


@app.command()
def deliver(destination: Destination = None, as_json: Json = False) -> None:
    """Enrol what the gate let through and send what is pending."""
    settings = load_settings()

    each(settings, destination, "deliver", lambda name: _deliver(settings, name), as_json)


@app.command()
def publish(as_json: Json = False) -> None:
    """Give the ledger back as Parquet, for dbt and for people."""
    show("publish", jobs.publish(load_settings()).counts(), as_json)


@app.command()
def run(as_json: Json = False) -> None:
    """All steps once: extract, build, gate, deliver, publish, refresh the delivery marts."""
    settings = load_settings()
    counts: dict[str, Any] = {"extract": jobs.extract(settings).counts(), "build": jobs.build(settings).counts()}
    closed: list[GateClosed] = []
    for name in settings.destinations:
        try:
            counts[f"gate {name}"] = jobs.gate(settings, name).counts()
        except GateClosed as error:  # what was enrolled before must not expire because of this file
            closed.append(error)
        counts[f"deliver {name}"] = _deliver(settings, name)
    counts["publish"] = jobs.publish(settings).counts()
    counts["refresh"] = jobs.refresh_marts(settings).counts()
    if as_json:
        print_json(counts)
    else:
        for title, figures in counts.items():
            show(title, figures, as_json=False)
    if closed:
        raise closed[0]


@app.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: Json = False,
) -> None:
    """Fold the keys of what is settled, and remove what is older than `retention` in waybill.toml says."""
    done = jobs.purge(load_settings(), dry_run=dry_run)
    for note in done.notes:
        typer.echo(note, err=True)
    if as_json:
        print_json({"dry_run": dry_run, **done.counts(), "notes": done.notes})
    else:
        show("would be purged" if dry_run else "purged", done.counts(), as_json=False)


def _deliver(settings: Settings, destination: str) -> Mapping[str, int | float]:
    """One delivery; what a person should know of it goes to stderr."""
    report = jobs.deliver(settings, destination)
    for note in report.notes:
        typer.echo(printable(note), err=True)
    return report.counts()
