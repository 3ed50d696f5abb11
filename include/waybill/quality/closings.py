"""A closing: files closed one after the other for the same reasons, until one is open or something is enrolled.

Builds go on while a gate is closed and freeze the same rows again every few minutes. People are told of a closing once,
when it begins, and are asked about it, not about each of its files.
"""

from collections.abc import Collection
from dataclasses import dataclass

from waybill import builds
from waybill import delta as delta_files
from waybill.delta import DeltaFile
from waybill.home import Home
from waybill.quality import approvals, decisions
from waybill.quality.approvals import Approval
from waybill.quality.decisions import Decision

_ASK_AGAIN_SECONDS = 3600
"""After this long a request is replaced by one about the newest file, so that what is opened is not far behind."""


@dataclass(frozen=True)
class Request:
    """What a person is asked: whether to open this file. ``name`` is the same as long as the question is.

    Another suite, or other limits, make it another question: the same rows may pass that were to stay quarantined.
    """

    name: str
    destination: str
    file_id: str
    file_sha256: str


def begun_by(delta: DeltaFile, failed: Collection[str]) -> str:
    """The file_id with which the closing of a file began: its own, unless the file before is closed for as much.

    ``failed`` are the set's expectations that do not hold. A reason that the closing did not begin with, or an
    enrolment since, makes a new closing.
    """
    home = Home(delta.path.parents[2])
    for path in reversed(delta_files.sidecars(home, delta.destination)):
        if builds.order(path.stem) >= builds.order(delta.build_id):
            continue
        before = delta_files.read(path)
        if not before.decision_path.exists():
            continue  # superseded before anybody judged it
        decision = decisions.read(before)
        if decision is None or decision.is_open or before.after != delta.after:
            break
        first = delta_files.named(home, decision.closing)
        began = decisions.read(first) if first is not None else None
        if began is not None and set(failed) <= began.failed_sets():
            return decision.closing
        break
    return delta.file_id


def word_on(home: Home, destination: str, closing: str) -> Approval | None:
    """The newest word that a person has given on a file of a closing, or None."""
    for delta in approvals.answered(home, destination):
        decision = decisions.read(delta)
        if decision is not None and decision.closing == closing:
            return approvals.read(delta)
    return None


def request(home: Home, destination: str) -> Request | None:
    """What a person should be asked now, or None: the newest file is not closed, or somebody has answered."""
    newest = delta_files.newest(home, destination)
    decision = decisions.read(newest) if newest is not None else None
    if newest is None or decision is None or decision.is_open or not decision.passed:
        return None
    if word_on(home, destination, decision.closing) is not None:
        return None
    first = delta_files.named(home, decision.closing) or newest
    number = int((newest.frozen_at - first.frozen_at).total_seconds() // _ASK_AGAIN_SECONDS)
    name = f"{destination}__{first.build_id}__{number}__{decision.suite_version}"
    return Request(name, destination, newest.file_id, newest.sha256)


def lasting(home: Home, decision: Decision) -> str:
    """What people should know of a file that is closed for the reasons that they were told already."""
    destination = decision.file_id.partition("/")[0]
    word = word_on(home, destination, decision.closing)
    return (
        f"{decision.file_id} is closed for the same reasons as {decision.closing}, when the gate closed: "
        f"{', '.join(sorted(decision.failed_sets()))}. "
        + (f"{word.sentence()}." if word is not None else "Nobody has opened it yet.")
    )
