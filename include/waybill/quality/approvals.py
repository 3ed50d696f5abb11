"""A person's word on a closed delta file: opened after all, or kept closed; a small JSON beside the decision.

It is bound to the file's digest and to the decision's, and counts for nothing else. The same is published for people
in ``published/approvals/``. Delivery writes it into the ledger when it enrols the file.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import duckdb

from waybill import delta as delta_files
from waybill.clock import from_text, to_text
from waybill.delta import DeltaFile
from waybill.errors import ConfigurationError, LedgerConflict, SourceUnavailable
from waybill.files import locked, write_json, written_aside
from waybill.home import Home
from waybill.quality import decisions
from waybill.quality.decisions import Decision


@dataclass(frozen=True)
class Approval:
    """Who said what about which closed file, and why; ``decided_at`` is ISO text in UTC."""

    file_id: str
    file_sha256: str
    decision_sha256: str
    opened: bool
    who: str
    because: str
    decided_at: str

    @property
    def moment(self) -> datetime:
        return from_text(self.decided_at)

    def counts(self) -> dict[str, int | float]:
        """What a report or an Asset event carries."""
        return {"opened": int(self.opened)}

    def sentence(self) -> str:
        did = "was opened" if self.opened else "is kept closed"
        return f"{self.file_id} {did} by {self.who} ({self.decided_at}): {self.because}"


@dataclass(frozen=True)
class Closed:
    """A closed delta file about which a person can decide, and what the gate said of it."""

    delta: DeltaFile
    decision: Decision
    decision_sha256: str
    superseded_by: str = ""
    """The newest delta file of the destination when that is another one."""

    def must_stand(self, decision_sha256: str) -> None:
        """Raises ConfigurationError unless this is the decision: what was shown and what stands must be the same."""
        if decision_sha256 != self.decision_sha256:
            raise ConfigurationError(f"{self.delta.file_id} was judged again since it was shown; look again.")


def read(delta: DeltaFile) -> Approval | None:
    """The word on a closed delta file, or None where there is none.

    Raises LedgerConflict when it cannot be read, was changed, or is about another file or decision: then it must not be
    acted on.
    """
    path = delta.approval_path
    if not path.exists():
        return None
    again = (
        f"Delete it and decide again with `waybill gate open --file {delta.file_id}`; until then nothing of the file "
        "is enrolled."
    )
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        digest = raw.pop("sha256")
        approval = Approval(**raw)
        approval.moment  # noqa: B018 - a moment that cannot be read is damage, too
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerConflict(
            f"{path} cannot be read as a person's approval ({type(error).__name__}). {again}"
        ) from None
    if digest != _digest(approval):
        raise LedgerConflict(
            f"{path} was changed after it was written: its SHA-256 is not that of its content. {again}"
        )
    if (approval.file_id, approval.file_sha256) != (delta.file_id, delta.sha256):
        raise LedgerConflict(f"The approval {path} is about another file: file_id or SHA-256 differ. {again}")
    if approval.decision_sha256 != decisions.digest(delta):
        raise LedgerConflict(f"The approval {path} is about another decision than {delta.decision_path.name}. {again}")
    return approval


def closed(home: Home, file_id: str, enrolled: list[str]) -> Closed:
    """The closed delta file of this name, if it may be opened; ``enrolled`` is the destination's chain of files.

    Raises ConfigurationError when it does not exist, is open, was enrolled, or was frozen before another file was
    enrolled, and names what to do instead; LedgerConflict when it or its decision is damaged.
    """
    delta = delta_files.named(home, file_id)
    if delta is None:
        raise ConfigurationError(
            f"There is no delta file {file_id!r} in {home.delta}. `waybill gate` names the newest one of a destination."
        )
    if file_id in enrolled:
        raise ConfigurationError(f"{file_id} was enrolled already; there is nothing to open.")
    newest = delta_files.newest(home, delta.destination) or delta
    digest = decisions.digest(delta)  # taken before it is read: a decision made in between is refused, not taken for it
    decision = decisions.read(delta)
    if decision is None:
        raise ConfigurationError(f"The gate has not judged {file_id} yet. Run `waybill gate` first.")
    if decision.is_open:
        raise ConfigurationError(f"{file_id} is open already; the next delivery enrols it.")
    if delta.after != (enrolled[-1] if enrolled else ""):
        raise ConfigurationError(
            f"Another file was enrolled since {file_id} was frozen, so its rows were frozen again. Look at the newest "
            f"file, {newest.file_id}, instead."
        )
    if decision.passed == 0:
        raise ConfigurationError(_nothing_to_open(decision))
    now_open = decisions.read(newest)
    if newest.file_id != file_id and now_open is not None and now_open.is_open:
        raise ConfigurationError(
            f"{file_id} was superseded by {newest.file_id}, which is open: the next delivery enrols its rows with that."
        )
    delta.verify()
    return Closed(delta, decision, digest, "" if newest.file_id == file_id else newest.file_id)


def _nothing_to_open(decision: Decision) -> str:
    if decision.rows == 0:
        return (
            f"{decision.file_id} has no rows, so there is nothing in it to open: the gate closed it for what landed "
            f"({', '.join(sorted(decision.failed_sets()))}). Mend the export; the next build freezes what then lands."
        )
    return (
        f"No row of {decision.file_id} passed ({decision.quarantined} are quarantined by themselves, "
        f"{decision.past_expiry} have expired); there is nothing to open."
    )


def decide(found: Closed, *, opened: bool, who: str, because: str, now: datetime) -> Approval:
    """Publishes a person's word on a closed file, then writes it beside the decision, where it counts.

    A file that was opened stays so. Raises ConfigurationError then, and when another decision stands than was found;
    SourceUnavailable while the gate is at work.
    """
    delta = found.delta
    approval = Approval(
        file_id=delta.file_id,
        file_sha256=delta.sha256,
        decision_sha256=found.decision_sha256,
        opened=opened,
        who=who,
        because=because,
        decided_at=to_text(now),
    )
    with locked(delta.path.with_name("gate.lock")) as mine:
        if not mine:
            raise SourceUnavailable(f"The gate is at work on {delta.destination} now; run this again in a moment.")
        found.must_stand(decisions.digest(delta))
        standing = read(delta)
        if standing is not None and standing.opened:
            raise ConfigurationError(f"{standing.sentence()}. That cannot be taken back here; nothing was changed.")
        _publish(delta, approval)
        _write(delta, approval)
    return approval


def rebind(delta: DeltaFile) -> None:
    """Binds a person's word to a file and a decision that an erasure has rewritten; a changed word stays as it is."""
    if not delta.approval_path.exists():
        return
    try:
        raw = json.loads(delta.approval_path.read_text(encoding="utf-8"))
        digest = raw.pop("sha256", None)
        approval = Approval(**raw)
    except (ValueError, TypeError, AttributeError):
        return
    if digest == _digest(approval):
        _write(delta, replace(approval, file_sha256=delta.sha256, decision_sha256=decisions.digest(delta)))


def _write(delta: DeltaFile, approval: Approval) -> None:
    write_json(delta.approval_path, {**asdict(approval), "sha256": _digest(approval)})


def answered(home: Home, destination: str) -> Iterator[DeltaFile]:
    """The delta files of a destination on which there is a word, newest first."""
    for sidecar in reversed(delta_files.sidecars(home, destination)):
        if sidecar.with_suffix(".approval.json").exists():
            yield delta_files.read(sidecar)


def newest_opened(home: Home, destination: str, after: str) -> DeltaFile | None:
    """The newest file that a person opened among those frozen after this enrolled file, or None.

    One whose decision an older version wrote, without a digest, is to be judged and opened again.
    """
    for delta in answered(home, destination):
        if delta.after == after:
            approval = read(delta)
            if approval is not None and approval.opened and decisions.read(delta) is not None:
                return delta
    return None


def _digest(approval: Approval) -> str:
    text = json.dumps(asdict(approval), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _publish(delta: DeltaFile, approval: Approval) -> None:
    path = Home(delta.path.parents[2]).published / "approvals" / delta.destination / f"{delta.build_id}.parquet"
    with duckdb.connect() as connection, written_aside(path) as aside:
        connection.execute(
            "create table approvals as select cast($destination as varchar) as destination, "
            "cast($build_id as varchar) as build_id, cast($file_id as varchar) as file_id, "
            "cast($opened as boolean) as opened, cast($who as varchar) as who, cast($because as varchar) as because, "
            "cast($decided_at as timestamptz) as decided_at, cast($file_sha256 as varchar) as file_sha256, "
            "cast($decision_sha256 as varchar) as decision_sha256",
            {**asdict(approval), "destination": delta.destination, "build_id": delta.build_id},
        )
        connection.execute("copy approvals to ? (format parquet, compression zstd)", [str(aside)])
