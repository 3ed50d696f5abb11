"""Windows of cursor time, and the watermark that follows from the names of the landed files."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from waybill.clock import from_name, to_name, to_text
from waybill.errors import ConfigurationError

_BEGINNING: Final = "beginning"
_MOMENT: Final = r"\d{8}T\d{12}Z"
_NAME: Final = re.compile(rf"(?P<start>{_BEGINNING}|{_MOMENT})__(?P<end>{_MOMENT})\.parquet")


@dataclass(frozen=True)
class Window:
    """Rows whose cursor is from ``start`` (None: from the beginning) to ``end``, both included."""

    start: datetime | None
    end: datetime

    @property
    def file_name(self) -> str:
        start = _BEGINNING if self.start is None else to_name(self.start)
        return f"{start}__{to_name(self.end)}.parquet"

    @classmethod
    def of_file(cls, path: Path) -> "Window":
        """The window a landed file's name tells; a ConfigurationError when it is not a landed file's name."""
        match = _NAME.fullmatch(path.name)
        try:
            if match is None:
                raise ValueError
            return cls(None if match["start"] == _BEGINNING else from_name(match["start"]), from_name(match["end"]))
        except ValueError:
            raise ConfigurationError(
                f"{path} is not a file that `waybill extract` landed, but the build would read it. Move it away."
            ) from None


def next_window(newest_end: datetime | None, overlap: timedelta, now: datetime) -> Window:
    """From the watermark, reaching back by ``overlap`` for rows that were committed late, to now."""
    if newest_end is None:
        return Window(None, now)
    if newest_end > now:
        raise ConfigurationError(
            f"The clock says {to_text(now)}, but rows up to {to_text(newest_end)} have been landed already. "
            "Set the machine's clock right. If it ran ahead and is right again, move the files whose names end later "
            "out of landing/: the next extract reads their windows again. For an earlier time use another WAYBILL_HOME."
        )
    return Window(newest_end - overlap, now)
