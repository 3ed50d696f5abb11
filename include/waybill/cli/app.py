"""The application that every verb belongs to, the options they share, and how their answers are shown."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from waybill.errors import ConfigurationError, WaybillError
from waybill.settings import Settings

HELP = """The command line: every step that a DAG runs, without Airflow, and the questions that people ask.

Exit codes: 0 done · 1 a promise or the gate says no · 2 wrong use or settings · 3 something outside is unavailable.
"""

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=HELP)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Destination = Annotated[str | None, typer.Option(help="One destination; all of them when not given.")]
ShowValues = Annotated[bool, typer.Option("--show-values", help="Print values in clear too.")]


def each(
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
        print_json({"destinations": counts})
    else:
        for name, figures in counts.items():
            show(f"{title} {name}", figures, as_json=False)
    if failures:
        raise failures[0]


def show(title: str, counts: Mapping[str, int | float], as_json: bool) -> None:
    """The figures of a finished step."""
    from waybill.printing import print_counts

    print_json(counts) if as_json else print_counts(title, counts)


def print_json(value: Any) -> None:
    """One JSON document on one line."""
    typer.echo(json.dumps(value, default=str))


def moment_of(text: str | None) -> datetime | None:
    """The moment that an option names; UTC where it names no zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"--as-of {text!r} is no moment; write it like 2026-11-01T12:00:00Z.") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
