"""What a person sees of a local run: one line a step, a spinner where there is a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Prints the steps of a run to standard output."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _console()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Shows a step while it runs, and how long it took once it is done."""
        begun = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(text):
                yield
        else:
            self.say(f"{text} …")
            yield
        self.say(f"[green]✓[/green] {text} [dim]({time.monotonic() - begun:.1f} s)[/dim]")

    def say(self, text: str = "") -> None:
        self.console.print(text, soft_wrap=True)

    def problem(self, text: str) -> None:
        """An error's message; never parsed for markup, because it may quote brackets."""
        self.console.print(text, style="bold red", markup=False, soft_wrap=True)


def _console() -> Console:
    """As wide as its terminal, and wide enough for tables where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120)
