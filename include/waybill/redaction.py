"""The second line against leaks: what looks like a secret or like contact data is masked in every log record.

No code relies on it. What may be said is decided where it is said; this only catches what nobody thought of, such as
what a library writes when its debug logging is on.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterable
from typing import Final

MASKED: Final = "***"

_SHORTEST_SECRET: Final = 4
"""A shorter one would mask half of every sentence, and keeps nobody out."""

_AT: Final = r"(?:[@＠﹫]|%(?:25)*40|%EF%BC%A0)"
_LABEL: Final = r"[^\s@'\"<>=:,;()/.．。｡%&?#\\]+"
_GAP: Final = (
    r"[ \t().·•/（）．／\u00a0\u00ad\u1680\u2000-\u2015\u202f\u205f\u2060\u2212\u3000\ufe58\ufe63\ufeff\uff0d-]"
)

_LOOKS_TELLING: Final = re.compile(
    # the password in an address
    r"(://[^\s:/@'\"]*:)[^\s/@'\"]+(?=@)"
    # what stands behind the name of a secret, as a parameter, in JSON or in a dict
    r"|((?:access_?token|refresh_?token|\btoken|api_?key|client_?secret|password|passwd)(?:=|%3D))[^&%\s'\",;)}]+"
    r"|((?:token|api_?key|secret|password|passwd|authorization)\\?[\"']\s*[:,]\s*[bu]?\\?[\"'])[^\"'\\]+"
    r"|(\bauthorization\s*[:=]\s*(?:(?:basic|bearer|digest|oauth|token)\s+)?)[^\s'\",]+"
    r"|(\bbearer:? )[\w.~+/=|-]{4,}"
    # an e-mail address
    rf"|(?:\"[^\"\n]{{1,64}}\"|[^\s@'\"<>=:,;()]{{1,64}}){_AT}{_LABEL}(?:(?:[.．。｡]|%(?:25)*2E){_LABEL})+"
    # a phone number with its country
    rf"|(?<!\d)(?:[+＋﹢]|%2B)\s?(?!0)\d(?:{_GAP}{{0,4}}\d){{7,14}}(?!\d)",
    re.IGNORECASE,
)
_COULD_TELL: Final = re.compile(r"[@＠﹫+＋﹢%]|://|bearer|token|secret|passw|api_?key|authorization", re.IGNORECASE)
"""Without one of these nothing looks telling; most records have none and are let through after this look."""

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""What every record has; anything else was given as ``extra``."""


class Redaction(logging.Filter):
    """Masks known secrets, e-mail addresses, phone numbers with a country code, passwords and tokens in a record."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        known = sorted({one for one in secrets if len(one) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def mask(self, text: str) -> str:
        """The text without what must not be read in it."""
        if self._known is not None:
            text = self._known.sub(MASKED, text)
        return _LOOKS_TELLING.sub(_masked, text) if _COULD_TELL.search(text) else text

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record where it tells something, also its exception, stack and extra; never raises or drops one.

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
        self._mask_exception(record)
        if record.stack_info:
            record.stack_info = self.mask(record.stack_info)
        for name in record.__dict__.keys() - _OWN:
            record.__dict__[name] = self._masked_value(record.__dict__[name])
        return True

    def _mask_exception(self, record: logging.LogRecord) -> None:
        given: object = record.exc_info
        if isinstance(given, BaseException):  # in a record that no logger has made
            record.exc_info = (type(given), given, given.__traceback__)
        elif not isinstance(given, tuple):  # so is True there
            record.exc_info = sys.exc_info() if given else None
        if record.exc_info and not record.exc_text:
            try:
                record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            except Exception as error:
                record.exc_text = f"An exception could not be put into words ({type(error).__name__})."
        if record.exc_text:
            masked = self.mask(record.exc_text)
            if masked != record.exc_text:  # a handler that formats the exception itself must not have it
                record.exc_info, record.exc_text = None, masked

    def _masked_value(self, value: object) -> object:
        """A value of ``extra``; one that holds others is told as a text where it must be masked."""
        if not isinstance(value, str | dict | list | tuple | set | BaseException):
            return value
        try:
            text = str(value)
        except Exception:  # as above
            return type(value).__name__
        masked = self.mask(text)
        return value if masked == text else masked

    def _format_of(self, record: logging.LogRecord) -> str:
        try:
            return self.mask(str(record.msg))
        except Exception:  # it is what could not be put together
            return type(record.msg).__name__


def _masked(found: re.Match[str]) -> str:
    """What names the secret stays, and the secret goes."""
    return "".join(filter(None, found.groups())) + MASKED


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
