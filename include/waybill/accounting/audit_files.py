"""What must hold of the files of delivery: delta files and what stands beside them, and key files."""

from pathlib import Path

import duckdb

from waybill import delta
from waybill.delivery import keyfiles, payloads, queries, withdrawals
from waybill.delivery.keys import from_delta_file
from waybill.delivery.ledger import Ledger
from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict
from waybill.files import sha256_of
from waybill.quality import approvals, decisions
from waybill.settings import Settings


def damaged_keys(settings: Settings) -> list[str]:
    """Key files that cannot be read, or do not hold what they were written with."""
    findings: list[str] = []
    with duckdb.connect() as connection:
        for destination in settings.destinations:
            for path in keyfiles.key_files(settings.home, destination):
                try:
                    keyfiles.verify(path, connection)
                    if path.name.startswith(keyfiles.FOLDED) and not keyfiles.has_digest(path, connection):
                        findings.append(f"The folded key file {path} lost its digest. {keyfiles.MEND}")
                except LedgerConflict as conflict:
                    findings.append(str(conflict))
    return findings


def undigested_keys(settings: Settings, ledger: Ledger) -> list[str]:
    """Key files of one delta file each that carry no digest and do not hold what their delta file does.

    Those that Waybill wrote before there were digests carry none, and are what their delta files say.
    """
    findings: list[str] = []
    with duckdb.connect() as connection:
        for file in ledger.enrolled_files():
            path, frozen = keyfiles.own_path(settings.home, file), settings.home.root / file.path
            if not path.exists() or keyfiles.has_digest(path, connection):
                continue
            if not frozen.exists() or sha256_of(frozen) != file.sha256:
                continue  # which is a finding of its own where the keys count
            with ledger.transaction() as transaction:
                held = [batch.row_ranges for batch in queries.leaf_batches(transaction, file.file_id)]
            from_delta_file(connection, settings.home, file, held)
            if keyfiles.verify(path, connection) != keyfiles.digest_of(connection, "keys"):
                findings.append(f"The key file {path} does not hold the rows of its delta file. {keyfiles.MEND}")
    return findings


def delta_findings(settings: Settings, ledger: Ledger) -> list[str]:
    """Enrolled delta files are compared with the ledger's digests, whatever stands beside them, the others with their
    sidecars; and the newest one's withdrawals must be there, because nothing is sent without them."""
    findings: list[str] = []
    for destination in settings.destinations:
        enrolled = {file.file_id: file for file in ledger.enrolled_files(destination)}
        folded = keyfiles.holders(settings.home, destination, only_folded=True)
        lost = delta.lost(settings.home, destination)
        for file in enrolled.values():
            path = settings.home.root / file.path
            need = "events wait in it" if file.settled_at is None else ""
            need = need or ("" if file.file_id in folded else "its keys were not folded yet")
            need = need or ("its build is the newest" if path.with_suffix(".json") in lost else "")
            findings += _enrolled_findings(path, file.sha256, need)
        findings += [
            f"the sidecar {sidecar} is gone. Restore it from a backup, or run `waybill build`"
            for sidecar in lost
            if f"{destination}/{sidecar.stem}" not in enrolled
        ]
        newest: DeltaFile | None = None
        for sidecar in delta.sidecars(settings.home, destination):
            try:
                newest = delta.read(sidecar)
                if newest.file_id not in enrolled:
                    newest.verify()
            except LedgerConflict as conflict:
                findings.append(str(conflict))
                continue
            if newest.file_id in enrolled:
                if newest.sha256 != enrolled[newest.file_id].sha256:
                    findings.append(f"{sidecar} names another digest than the ledger. Restore it from a backup")
                findings += _not_let_through(newest)
        try:
            if newest is not None:
                withdrawals.read(newest)
        except LedgerConflict as conflict:
            findings.append(str(conflict))
    return findings


def _enrolled_findings(path: Path, sha256: str, need: str) -> list[str]:
    """What is wrong with an enrolled delta file; ``need`` is why it must be there, '' when a purge may take it."""
    sidecar, found = path.with_suffix(".json"), []
    if path.exists():
        try:
            payloads.verify(path, sha256)
        except LedgerConflict as conflict:
            found.append(str(conflict))
    elif need:
        found.append(f"the delta file {path} is gone, and {need}. Restore it from a backup")
    if need and not sidecar.exists():
        found.append(f"the sidecar {sidecar} is gone, and the file is still needed. Restore it from a backup")
    return found


def _not_let_through(file: DeltaFile) -> list[str]:
    """What is wrong with an enrolled file's decision: damaged, or closed and opened by nobody."""
    try:
        decision = decisions.read(file, enrolled=True)
        word = approvals.read(file)
    except LedgerConflict as conflict:
        return [str(conflict)]
    if decision is None or decision.is_open or (word is not None and word.opened):
        return []  # a decision that is gone leaves what the ledger says of the file
    return [f"{file.file_id} was enrolled although the gate closed it and nobody opened it"]
