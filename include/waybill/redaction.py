"""The second line against leaks: what looks like a secret or like contact data is masked in every log record.

No code relies on it. What may be said is decided where it is said; this only catches what nobody thought of, such as
what a library writes when its debug logging is on.
"""

import logging
import re
import traceback
from collections.abc import Iterable
from typing import Final

MASKED: Final = "***"

_SHORTEST_SECRET: Final = 4
"""A shorter one would mask half of every sentence, and keeps nobody out."""

_LOOKS_TELLING: Final = re.compile(
    r"[^\s@'\"<>=:,;()]{1,64}(?:@|＠|﹫|%(?:25)*40)[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|(?<![\w.+-])(?:\+|%2B)[1-9](?:[ ()./-]{0,2}\d){7,14}(?!\w)"  # a phone number with its country
    r"|(?<=\bbearer )[\w.~+/=|-]{4,}|(?<=access_token=)[^&\s'\"]+|(?<=access_token%3D)[^&%\s'\"]+",
    re.IGNORECASE,
)
_COULD_TELL: Final = re.compile(r"[@＠﹫+]|%|bearer|access_token", re.IGNORECASE)
"""Without one of these nothing looks telling; most records have none and are let through after this look."""


class Redaction(logging.Filter):
    """Masks known secrets, e-mail addresses, phone numbers with a country code and tokens in what a record says."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        known = sorted({one for one in secrets if len(one) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def mask(self, text: str) -> str:
        """The text without what must not be read in it."""
        if self._known is not None:
            text = self._known.sub(MASKED, text)
        return _LOOKS_TELLING.sub(MASKED, text) if _COULD_TELL.search(text) else text

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record where it tells something, also in the text of its exception; never raises or drops one.

        A record that cannot be put together is told by its format alone, without its values.
        """
        try:
            said = record.getMessage()
        except Exception as error:  # a library's faulty record must not end the step that it speaks of
            record.msg = f"A log record could not be put together ({type(error).__name__}): {self._format_of(record)}"
            record.args = ()
            said = ""
        masked = self.mask(said)
        if masked != said:
            record.msg, record.args = masked, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if record.exc_text:
            masked = self.mask(record.exc_text)
            if masked != record.exc_text:  # a handler that formats the exception itself must not have it
                record.exc_info, record.exc_text = None, masked
        return True

    def _format_of(self, record: logging.LogRecord) -> str:
        try:
            return self.mask(str(record.msg))
        except Exception:  # it is what could not be put together
            return type(record.msg).__name__


def install(secrets: Iterable[str]) -> None:
    """Puts a Redaction with these secrets on every handler of the root logger, in place of an earlier one."""
    redaction = Redaction(secrets)
    last_resort = [logging.lastResort] if logging.lastResort is not None else []
    for handler in [*logging.getLogger().handlers, *last_resort]:
        for earlier in [one for one in handler.filters if isinstance(one, Redaction)]:
            handler.removeFilter(earlier)
        handler.addFilter(redaction)


def places_of(error: BaseException) -> str:
    """Where an unexpected error came from, innermost last: its type, files and lines, without a word that it says."""
    frames = traceback.extract_tb(error.__traceback__)
    places = "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    return f"{type(error).__name__}, raised in\n{places}"


def printable(text: str) -> str:
    """A text that a terminal only shows: what it would act on (codes, marks that turn the direction) is replaced."""
    return "".join(one if one.isprintable() or one == "\n" else "\ufffd" for one in text)
