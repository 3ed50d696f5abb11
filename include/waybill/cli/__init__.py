"""The command line: every step that a DAG runs, without Airflow, and the questions that people ask."""

import errno
import os
import signal
import sys
from typing import Final, NoReturn

import typer

from waybill.cli import decisions, gate, questions, steps, stores
from waybill.cli.app import app
from waybill.errors import WaybillError

_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""What the system says of a disk that is full, over quota, read-only or broken."""

_TERMINATED: Final = 143

__all__ = ["app", "decisions", "gate", "main", "questions", "steps", "stores"]


def main() -> NoReturn:
    """Runs the command line; an error of ours is its message on stderr and its exit code, never a traceback."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    try:
        app()
    except SystemExit as ended:
        if ended.code == _TERMINATED:  # a thread may still wait for a platform that is silent, and cannot be ended
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(_TERMINATED)
        raise
    except WaybillError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _DISK:
            raise
        place = f" ({error.filename})" if error.filename else ""
        typer.echo(
            f"The disk cannot be written: {error.strerror}{place}. Make room or mend it, then run this again; what a "
            "step had finished is kept.",
            err=True,
        )
        sys.exit(3)
    sys.exit(0)
