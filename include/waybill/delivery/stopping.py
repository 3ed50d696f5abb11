"""Being told to stop: a step that must not be cut in two ends first, and a silent platform is not waited for."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ANSWER_SECONDS: Final = 6.0
"""How long a delivery that is told to stop waits for the answers under way; what has none by then is unknown."""

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


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
    kept = {number: signal.signal(number, lambda number, _: arrived.append(number)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        for signalled in arrived:
            signal.raise_signal(signalled)
