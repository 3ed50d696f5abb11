"""Being told to stop: a step that must not be cut in two ends first, and a silent platform is not waited for."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ANSWER_SECONDS: Final = 3.0
"""How long a delivery that is told to stop waits for the answers under way; what has none by then is unknown.

Airflow kills a task five seconds after it has told it to stop.
"""

LOCK_SECONDS: Final = 4.0
"""How long a process that is told to stop may still wait for the ledger's lock, counted from then."""

TERMINATED: Final = 143
"""The exit code of a process that SIGTERM has ended."""

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_told: list[float] = []
"""When somebody said that this process should end."""


def seconds_to_wait(until: float) -> float:
    """What is left of a wait until a moment of the monotonic clock: little once this process is told to end."""
    return (min(until, _told[0] + LOCK_SECONDS) if _told else until) - time.monotonic()


def end_when_told() -> None:
    """From now on SIGTERM ends this process through every block that is open, with the exit code ``TERMINATED``."""
    signal.signal(signal.SIGTERM, _end)


@contextmanager
def told_by_sigterm() -> Iterator[None]:
    """For a block whose process has another use for SIGTERM, it means: end soon. Only the main thread hears it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        _told.clear()
        signal.signal(signal.SIGTERM, kept if kept is not None else signal.SIG_DFL)


def _end(_number: int, _frame: FrameType | None) -> None:
    _told.append(time.monotonic())
    raise SystemExit(TERMINATED)


def is_told(error: BaseException) -> bool:
    """Whether somebody wants this process to end soon (SIGTERM, Ctrl-C), rather than something having failed."""
    return isinstance(error, SystemExit | KeyboardInterrupt)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Lets signals that want this process to end wait until the block has ended.

    Without it one could strike between an answer and its receipt, and a known answer would be forgotten. Signals reach
    the main thread only, so elsewhere there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)
        _told.append(time.monotonic())

    kept = {number: signal.signal(number, hold) for number in _SIGNALS}
    try:
        yield
    finally:
        del _told[len(_told) - len(arrived) :]  # raised again, they say it again
        for number, handler in kept.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        for signalled in arrived:
            signal.raise_signal(signalled)
