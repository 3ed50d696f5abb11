"""The command line: every step that a DAG runs, without Airflow, and the questions that people ask."""

import errno
import logging
import os
import sys
from typing import Final, NoReturn

import typer

from waybill.cli import decisions, gate, questions, steps, stores
from waybill.cli.app import app
from waybill.delivery import stopping
from waybill.errors import ConfigurationError, WaybillError
from waybill.redaction import install, places_of, printable
from waybill.settings import load_settings

_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""What the system says of a disk that is full, over quota, read-only or broken."""

__all__ = ["app", "decisions", "gate", "main", "questions", "steps", "stores"]


def main() -> NoReturn:
    """Runs the command line; an error of ours is its message on stderr and its exit code, never a traceback.

    An error that nobody foresaw is told by its type and place: its own text may quote a row.
    """
    os.umask(0o077)  # whatever a verb or one of its libraries writes is its owner's alone
    stopping.end_when_told()
    try:
        _start_logging()
        app()
    except SystemExit as ended:
        if ended.code == stopping.TERMINATED:
            _end_as_told(stopping.TERMINATED)
        raise
    except WaybillError as error:
        typer.echo(printable(f"{type(error).__name__}: {error}"), err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _DISK:
            _end_unforeseen(error)
        place = f" ({error.filename})" if error.filename else ""
        typer.echo(
            f"The disk cannot be written: {error.strerror}{place}. Make room or mend it, then run this again; what a "
            "step had finished is kept.",
            err=True,
        )
        sys.exit(3)
    except Exception as error:
        if (code := stopping.exit_code()) is not None:
            _end_as_told(code)
        _end_unforeseen(error)
    sys.exit(0)


def _start_logging() -> None:
    """What is logged goes to stderr, masked. Wrong settings are told by the verb that needs them."""
    try:
        settings = load_settings()
    except ConfigurationError:
        return
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    install(settings.secrets())


def _end_as_told(code: int) -> NoReturn:
    """Ends at once: a thread may still wait for a platform that is silent, and cannot be ended."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end_unforeseen(error: Exception) -> NoReturn:
    typer.echo(f"Waybill met an error that it does not know: {places_of(error)}", err=True)
    typer.echo("What a step had finished is kept. Please report this; it holds nothing of your data.", err=True)
    sys.exit(1)
