"""Being told to stop: a step that must not be cut in two ends first, and a silent platform is not waited for."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ANSWER_SECONDS: Final = 3.0
"""How long a delivery that is told to stop waits for the answers under way; what has none by then is unknown.

Airflow kills a task five seconds after it has told it to stop.
"""

LOCK_SECONDS: Final = 4.0
"""How long a process that is told to stop may still wait for the ledger's lock, counted from then."""

END_SECONDS: Final = 9.0
"""How long a process of the command line may take from SIGTERM or Ctrl-C to its end."""

TERMINATED: Final = 128 + signal.SIGTERM
"""The exit code of a process that SIGTERM has ended."""

_told: list[tuple[float, int]] = []
"""When somebody said that this process should end, and by which signal."""


def seconds_to_wait(until: float) -> float:
    """What is left of a wait until a moment of the monotonic clock: little once this process is told to end."""
    return (min(until, _told[0][0] + LOCK_SECONDS) if _told else until) - time.monotonic()


def end_when_told() -> None:
    """From now on SIGTERM ends this process through every block that is open, with the exit code ``TERMINATED``, and
    Ctrl-C (unless it is ignored) with KeyboardInterrupt as ever; ``exit_code`` knows of both.

    A library that does not let Python run meanwhile, as DuckDB in a long query, is not waited for longer than
    ``END_SECONDS``: what survives SIGKILL survives that.
    """
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_in_any_case, args=[reader], daemon=True).start()


def exit_code() -> int | None:
    """What a process that was told to end exits with, or None when nobody has told it.

    What a signal raises may be hidden: DuckDB tells of one that strikes a query with a RuntimeError of its own.
    """
    return 128 + _told[0][1] if _told else None


@contextmanager
def told_by_sigterm() -> Iterator[None]:
    """For a block whose process has another use for SIGTERM, it means: end soon. Only the main thread hears it."""
    before = len(_told)
    try:
        with _heard_by(_end, signal.SIGTERM):
            yield
    finally:
        del _told[before:]


def is_told(error: BaseException) -> bool:
    """Whether somebody wants this process to end soon (SIGTERM, Ctrl-C), rather than something having failed."""
    return isinstance(error, SystemExit | KeyboardInterrupt)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Lets signals that want this process to end wait until the block has ended.

    Without it one could strike between an answer and its receipt, and a known answer would be forgotten. Signals reach
    the main thread only, so elsewhere there is nothing to do.
    """
    arrived: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)
        _told.append((time.monotonic(), number))

    try:
        with _heard_by(hold, signal.SIGTERM, signal.SIGINT):
            yield
    finally:
        del _told[len(_told) - len(arrived) :]  # raised again, they say it again
        for signalled in arrived:
            signal.raise_signal(signalled)


@contextmanager
def _heard_by(handler: Callable[[int, FrameType | None], None], *signals: signal.Signals) -> Iterator[None]:
    """Lets a handler hear signals for the length of a block; in another thread than the main one nothing is heard."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, before in kept.items():
            signal.signal(number, before if before is not None else signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> None:
    _told.append((time.monotonic(), number))
    raise SystemExit(TERMINATED)


def _end_in_any_case(reader: int) -> None:
    """Reads which signals have arrived, which the system tells also while the main thread cannot hear them."""
    while (number := os.read(reader, 1)[0]) not in (signal.SIGTERM, signal.SIGINT):
        pass
    time.sleep(END_SECONDS)
    os._exit(128 + number)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _told.append((time.monotonic(), number))
    raise KeyboardInterrupt
