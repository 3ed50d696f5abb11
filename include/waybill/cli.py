"""The command line: every step that a DAG runs, without Airflow, and the questions that people ask.

Exit codes: 0 done · 1 a promise or the gate says no · 2 wrong use or settings · 3 something outside is unavailable.
"""

import json
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from waybill import jobs
from waybill.clock import Clock
from waybill.errors import ConfigurationError, GateClosed, SourceUnavailable, WaybillError
from waybill.settings import Settings, emulator_secrets, load_settings

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__)
ledger_app = typer.Typer(no_args_is_help=True, help="Look into the ledger.")
app.add_typer(ledger_app, name="ledger")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Destination = Annotated[str | None, typer.Option(help="One destination; all of them when not given.")]


def main() -> NoReturn:
    """Runs the command line; an error of ours is its message on stderr and its exit code, never a traceback."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        app()
    except WaybillError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(error.exit_code)
    sys.exit(0)


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
    moment = _moment(as_of)
    if later:
        report = add_slice(settings, orders=orders, leads=leads, into=into, as_of=moment)
    else:
        report = make(
            settings, orders=orders or 5000, leads=1500 if leads is None else leads, seed=seed, into=into, as_of=moment
        )
    _show("sample", report.counts(), as_json)


@app.command()
def extract(as_json: Json = False) -> None:
    """Land what the warehouse inserted or updated since the last window."""
    _show("extract", jobs.extract(load_settings()).counts(), as_json)


@app.command()
def build(
    full_refresh: Annotated[bool, typer.Option(help="Read every landing file again.")] = False, as_json: Json = False
) -> None:
    """Build the marts with dbt and freeze what is new."""
    _show("build", jobs.build(load_settings(), full_refresh=full_refresh).counts(), as_json)


@app.command()
def gate(destination: Destination = None, as_json: Json = False) -> None:
    """Judge the newest delta file; exit 1 when it stays closed."""
    settings = load_settings()

    def judge(name: str) -> Mapping[str, int | float]:
        decision = jobs.gate(settings, name)
        if not as_json:
            typer.echo(f"{decision.table()}\nData Docs: {decision.data_docs or 'none, there was nothing to judge'}")
        return decision.counts()

    _each(settings, destination, "gate", judge, as_json)


@app.command()
def deliver(destination: Destination = None, as_json: Json = False) -> None:
    """Enrol what the gate let through and send what is pending."""
    settings = load_settings()

    def send(name: str) -> Mapping[str, int | float]:
        report = jobs.deliver(settings, name)
        for note in report.notes:
            typer.echo(note, err=True)
        return report.counts()

    _each(settings, destination, "deliver", send, as_json)


@app.command()
def publish(as_json: Json = False) -> None:
    """Give the ledger back as Parquet, for dbt and for people."""
    _show("publish", jobs.publish(load_settings()).counts(), as_json)


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
        counts[f"deliver {name}"] = jobs.deliver(settings, name).counts()
    counts["publish"] = jobs.publish(settings).counts()
    counts["refresh"] = jobs.refresh_marts(settings).counts()
    if as_json:
        _print_json(counts)
    else:
        for title, figures in counts.items():
            _show(title, figures, as_json=False)
    if closed:
        raise closed[0]


@app.command()
def balance(as_json: Json = False) -> None:
    """Where every candidate is, and whether the sums agree; exit 1 when they do not."""
    from waybill.accounting.balance import balance as add_up
    from waybill.printing import print_balance

    reports = add_up(load_settings())
    if as_json:
        _print_json({"destinations": {report.destination: report.as_json() for report in reports}})
    else:
        print_balance(reports)
    if not all(report.is_balanced for report in reports):
        raise typer.Exit(1)


@app.command()
def lag(as_json: Json = False) -> None:
    """How long events take, stage by stage, against the platform's bands."""
    from waybill.accounting.lag import lag as measure
    from waybill.printing import print_lag

    reports = measure(load_settings())
    if as_json:
        _print_json({"destinations": {report.destination: report.as_json() for report in reports}})
    else:
        print_lag(reports)


@app.command()
def explain(wanted: Annotated[str, typer.Argument(metavar="ORDER-OR-LEAD-OR-EVENT")], as_json: Json = False) -> None:
    """Everything that happened to one order, lead or event."""
    from waybill.accounting.explain import explain as find
    from waybill.printing import print_explanation

    explanations = find(load_settings(), wanted)
    if as_json:
        _print_json([explanation.as_json() for explanation in explanations])
    else:
        for explanation in explanations:
            print_explanation(explanation)


@ledger_app.command("show")
def ledger_show(
    limit: Annotated[int, typer.Option(min=1, help="The newest rows of each table.")] = 20, as_json: Json = False
) -> None:
    """The newest files, batches, attempts and exceptions."""
    from waybill.accounting.explain import rows
    from waybill.accounting.ledger import open_ledger
    from waybill.printing import print_rows

    connection = open_ledger(load_settings())
    tables = {
        name: rows(connection, f"select * from {name} order by {key} desc limit $wanted", wanted=limit)  # noqa: S608
        for name, key in (
            ("files", "enrolled_at"),
            ("batches", "batch_id"),
            ("attempts", "attempt_id"),
            ("exceptions", "exception_id"),
        )
    }
    if as_json:
        _print_json(tables)
    else:
        for name, found in tables.items():
            print_rows(name, found)


@ledger_app.command("audit")
def ledger_audit(as_json: Json = False) -> None:
    """Check every sum, digest and identity from the stores themselves; exit 1 and name what breaks."""
    from waybill.accounting.audit import audit

    findings = audit(load_settings())
    if as_json:
        _print_json({"findings": findings, "holds": not findings})
    else:
        typer.echo("\n".join(findings) or "Everything holds: sums, files, identity.")
    if findings:
        raise typer.Exit(1)


@app.command()
def emulator(
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8085,
    book: Annotated[Path | None, typer.Option(help="The request book; default: in the home.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset id; default WAYBILL_META_DATASET_ID.")] = None,
    token_env: Annotated[str, typer.Option(help="The variable that holds the token.")] = "WAYBILL_META_ACCESS_TOKEN",  # noqa: S107 - a name
    server_duplicates: Annotated[str, typer.Option(help="merged | both-kept")] = "merged",
) -> None:
    """A local Conversions API, true to Meta's contract, that keeps a book of what it received."""
    from waybill.emulator import serve

    settings = load_settings()
    settings.home.create()
    dataset_id, token = emulator_secrets(dataset, token_env)
    book_path = book or settings.home.root / "emulator.sqlite"
    try:
        serve(
            book_path=book_path,
            host=host,
            port=port,
            datasets={dataset_id: token},
            now=lambda: Clock(settings.home.facts().as_of).now(),  # the home's clock may be moved while this runs
            server_duplicates=server_duplicates,
            on_ready=lambda url: typer.echo(f"The emulator listens on {url}; its book is {book_path}"),
        )
    except ValueError as error:
        raise ConfigurationError(f"The emulator cannot start: {error}") from None
    except OSError as error:
        raise SourceUnavailable(
            f"The emulator cannot listen on {host}:{port} ({error.strerror}). Choose another with --port."
        ) from None


@app.command()
def normalize(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns field,input,country,order.")],
    show_values: Annotated[bool, typer.Option("--show-values", help="Print normalised values too.")] = False,
    as_json: Json = False,
) -> None:
    """What the SQL macros make of identifiers in a file: normalised, hashed, or dropped and why."""
    from waybill.warehouse.normalizing import normalize_file

    rows = [row.as_json(show_values=show_values) for row in normalize_file(load_settings(), file)]
    if as_json:
        _print_json(rows)
    else:
        from waybill.printing import print_rows

        print_rows("Identifiers", rows)


@app.command()
def config(as_json: Json = False) -> None:
    """The settings as they are in force, secrets blotted out."""
    values = load_settings().redacted()
    _print_json(values) if as_json else typer.echo(json.dumps(values, indent=2, default=str))


def _each(
    settings: Settings, only: str | None, title: str, step: Callable[[str], Mapping[str, int | float]], as_json: bool
) -> None:
    """A step for one destination or for each; one that fails does not keep the others from running."""
    if only is not None:
        settings.destination(only)
    failures: list[WaybillError] = []
    counts: dict[str, Mapping[str, int | float]] = {}
    for name in [only] if only is not None else list(settings.destinations):
        try:
            counts[name] = step(name)
        except WaybillError as error:
            failures.append(error)
    if as_json:
        _print_json({"destinations": counts})
    else:
        for name, figures in counts.items():
            _show(f"{title} {name}", figures, as_json=False)
    if failures:
        raise failures[0]


def _show(title: str, counts: Mapping[str, int | float], as_json: bool) -> None:
    from waybill.printing import print_counts

    _print_json(counts) if as_json else print_counts(title, counts)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=str))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"--as-of {text!r} is no moment; write it like 2026-11-01T12:00:00Z.") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
