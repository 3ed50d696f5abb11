"""The gate's decision on one delta file: a small JSON beside it, bound to its digest and to what the gate published.

Its words are bound to each other by their own digest, so that an edited decision is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict
from waybill.files import sha256_of, sha256_of_json, write_json

_DIGEST: Final = "sha256"


@dataclass(frozen=True)
class Failure:
    """One expectation that did not hold; ``examples`` are event_ids, or ``row <n>`` where one could be contact data."""

    expectation: str
    expected: str
    observed: str
    examples: tuple[str, ...]
    level: Literal["set", "row"]


@dataclass(frozen=True)
class Decision:
    """Open: the passed rows may be enrolled. Closed: nothing may. ``failures`` name the rules of rows in both cases."""

    file_id: str
    file_sha256: str
    decision: Literal["open", "closed"]
    suite_version: str
    judged_at: str
    rows: int
    passed: int
    quarantined: int
    past_expiry: int
    failures: tuple[Failure, ...]
    data_docs: str
    gate_file_sha256: str
    closing: str = ""
    """The file with which the gate closed for these reasons; empty where it is open."""

    @property
    def is_open(self) -> bool:
        return self.decision == "open"

    @property
    def begins_closing(self) -> bool:
        """Whether people have not been told yet why this file is closed."""
        return self.closing == self.file_id

    def failed_sets(self) -> set[str]:
        """The expectations about the file as a whole that did not hold."""
        return {failure.expectation for failure in self.failures if failure.level == "set"}

    def counts(self) -> dict[str, int]:
        """What a report or an Asset event carries; ``gated``: what a closed file holds back besides the quarantined."""
        return {
            "rows": self.rows,
            "passed": self.passed if self.is_open else 0,
            "quarantined": self.quarantined,
            "gated": 0 if self.is_open else self.rows - self.quarantined,
            "past_expiry": self.past_expiry,
            "open": int(self.is_open),
        }

    def table(self) -> str:
        """The failures as a table for people: expectation, expected, observed, example event_ids; set rules first."""
        if not self.failures:
            return "every expectation held"
        heads = ("expectation", "expected", "observed", "examples")
        lines = [heads, *((f.expectation, f.expected, f.observed, ", ".join(f.examples) or "-") for f in self.failures)]
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        cells = (
            "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]])
            for line in lines
        )
        return "\n".join(cell.rstrip() for cell in cells)

    def explanation(self) -> str:
        """Why a file is closed and what to do next; the text of ``GateClosed``."""
        opening = f"`waybill gate open --file {self.file_id} --because '…'`."
        return (
            f"The gate closed {self.file_id}: none of its {self.rows} events was enrolled.\n{self.table()}\n"
            f"Data Docs: {self.data_docs or 'none'}\n"
            "Mend the data or the model and run `waybill build` and `waybill gate` again: the rows freeze again. "
            + (self.passed > 0) * f"If the data is right as it is, open the file: {opening} "
            + "What was enrolled before goes on being delivered."
        )


_DECISION: Final = TypeAdapter(Decision)


def read(delta: DeltaFile, *, enrolled: bool = False) -> Decision | None:
    """The decision on a delta file, or None before it is judged.

    Older versions wrote decisions without a digest; such a one counts for files that are ``enrolled`` only. Raises
    LedgerConflict when the decision cannot be read, was edited, is about another file, or is not about the gate file
    that is published: then it must not be acted on.
    """
    path = delta.decision_path
    if not path.exists():
        return None
    again = (
        f"Delete it and run `waybill gate`; if {delta.file_id} is already enrolled, restore it from a backup instead."
    )
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        digest = said.pop(_DIGEST, None)
        decision = _DECISION.validate_json(json.dumps(said), strict=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerConflict(
            f"{path} cannot be read as the gate's decision ({type(error).__name__}). {again}"
        ) from None
    if (decision.file_id, decision.file_sha256) != (delta.file_id, delta.sha256):
        raise LedgerConflict(
            f"The decision {path} was made about another file than {delta.path}: file_id or SHA-256 differ. Do not "
            "deliver from it; restore both from a backup, or delete the decision and run `waybill gate`."
        )
    if not delta.gate_path.exists() or sha256_of(delta.gate_path) != decision.gate_file_sha256:
        raise LedgerConflict(
            f"{delta.gate_path} is missing or is not what the decision {path.name} was made with. Delete the decision "
            f"and run `waybill gate`; if {delta.file_id} is already enrolled, restore the file from a backup instead."
        )
    if digest is None:
        return decision if enrolled else None
    if digest != sha256_of_json(said):
        raise LedgerConflict(
            f"{path} was edited after the gate wrote it: its SHA-256 is not that of its content. {again} To let a "
            f"closed file through there is `waybill gate open --file {delta.file_id}`."
        )
    return decision


def digest(delta: DeltaFile) -> str:
    """The SHA-256 of the decision that stands on a delta file, or an empty text before it is judged."""
    try:
        return sha256_of(delta.decision_path)
    except FileNotFoundError:
        return ""


def write(delta: DeltaFile, decision: Decision) -> None:
    """Makes the decision count; everything it speaks of must be in place."""
    said = asdict(decision)
    write_json(delta.decision_path, {**said, _DIGEST: sha256_of_json(said)})


def rebound(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What an erasure makes of a decision's JSON, with its digest; an edited one stays edited."""
    said = {name: value for name, value in new.items() if name != _DIGEST}
    digest = old.get(_DIGEST)
    if digest is None:
        return said
    was_whole = digest == sha256_of_json({name: value for name, value in old.items() if name != _DIGEST})
    return {**said, _DIGEST: sha256_of_json(said) if was_whole else digest}
