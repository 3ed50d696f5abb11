"""The command line: every step that a DAG runs, without Airflow, and the questions that people ask."""

import signal
import sys
from typing import NoReturn

import typer

from waybill.cli import decisions, questions, steps, stores
from waybill.cli.app import app
from waybill.errors import WaybillError

__all__ = ["app", "decisions", "main", "questions", "steps", "stores"]


def main() -> NoReturn:
    """Runs the command line; an error of ours is its message on stderr and its exit code, never a traceback."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        app()
    except WaybillError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(error.exit_code)
    sys.exit(0)
