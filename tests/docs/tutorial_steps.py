"""A tutorial page as steps: the files that it writes or adds to, and the commands that it types, in order."""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_WRITE = re.compile(r"^Write `(?P<path>[^`]+)`:\n\n\Z", re.MULTILINE)
_ADD = re.compile(r"^Add to the end of `(?P<path>[^`]+)`:\n\n\Z", re.MULTILINE)
_ABOVE = re.compile(r"^Add to `(?P<path>[^`]+)`, above the line `(?P<line>[^`]+)`:\n\n\Z", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A fence of the page; ``path`` is the file it belongs to, None for commands."""

    language: str
    text: str
    path: str | None = None
    above: str | None = None
    is_new: bool = False

    def apply(self, root: Path) -> None:
        """Does to the files below ``root`` what the page says."""
        assert self.path is not None
        file = root / self.path
        if self.is_new:
            assert not file.exists(), f"{self.path} is there already"
            file.write_text(self.text, encoding="utf-8")
            return
        before = file.read_text(encoding="utf-8")
        if self.above is None:
            file.write_text(before + self.text, encoding="utf-8")
            return
        head, line, tail = before.partition(f"\n{self.above}\n")
        assert line, f"{self.path} has no line {self.above!r}"
        file.write_text(head + "\n" + self.text + line.removeprefix("\n") + tail, encoding="utf-8")


def steps(page: Path) -> list[Step]:
    """Every fence of the page; one that is neither a file nor commands (sh) is an error of the page."""
    text = page.read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(text):
        before, language, body = text[: fence.start()], fence[1], fence[2]
        if write := _WRITE.search(before):
            found.append(Step(language, body, path=write["path"], is_new=True))
        elif add := _ADD.search(before):
            found.append(Step(language, body, path=add["path"]))
        elif above := _ABOVE.search(before):
            found.append(Step(language, body, path=above["path"], above=above["line"]))
        else:
            assert language == "sh", f"a fence of {page.name} belongs to no file: {body[:60]!r}"
            found.append(Step(language, body))
    return found
