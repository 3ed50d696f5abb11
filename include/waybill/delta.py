"""Delta files: the outbox. One immutable Parquet file per destination and build, with a sidecar that binds it.

The sidecar (``<build_id>.json``) is written last, so a delta file without one was never finished and does not count.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from waybill import builds
from waybill.clock import from_text, to_text
from waybill.errors import LedgerConflict
from waybill.files import sha256_of, sha256_of_json, write_json
from waybill.home import Home

_DIGEST: Final = "sidecar_sha256"


@dataclass(frozen=True)
class DeltaFile:
    """What the sidecar says of one delta file; ``after`` is the last file that was enrolled when it was frozen.

    ``left_out`` counts the rows that are missing because the gate refused them as they are since that enrolment.
    """

    path: Path
    destination: str
    build_id: str
    frozen_at: datetime
    after: str
    rows: int
    past_expiry: int
    sha256: str
    left_out: int = 0

    @property
    def file_id(self) -> str:
        return f"{self.destination}/{self.build_id}"

    @property
    def judged_rows(self) -> int:
        """Rows that the gate judges: those that had not expired when the file was frozen."""
        return self.rows - self.past_expiry

    @property
    def sidecar_path(self) -> Path:
        return self.path.with_suffix(".json")

    @property
    def decision_path(self) -> Path:
        return self.path.with_suffix(".decision.json")

    @property
    def approval_path(self) -> Path:
        """Where a person's word on a closed file is kept."""
        return self.path.with_suffix(".approval.json")

    @property
    def withdrawals_path(self) -> Path:
        return self.path.with_suffix(".withdrawals.parquet")

    @property
    def gate_path(self) -> Path:
        """Where the gate publishes its reasons, beside the other published folders of this home."""
        home = Home(self.path.parents[2])
        return home.published / "gate" / self.destination / f"{self.build_id}.parquet"

    def verify(self) -> None:
        """Raises LedgerConflict when the file is missing or is not, byte for byte, the one that was frozen."""
        if not self.path.exists():
            raise LedgerConflict(
                f"The delta file {self.path} is missing. Restore it from a backup; if it was never enrolled, delete "
                f"{self.sidecar_path} and run `waybill build`, which freezes its rows again."
            )
        if sha256_of(self.path) != self.sha256:
            raise LedgerConflict(
                f"The delta file {self.path} is not the one that was frozen (its SHA-256 is not the one in "
                f"{self.sidecar_path.name}). Restore it from a backup; if it was never enrolled, delete both and run "
                "`waybill build`."
            )

    def write_sidecar(self) -> None:
        """Makes the file count."""
        said = {
            "destination": self.destination,
            "build_id": self.build_id,
            "file_id": self.file_id,
            "frozen_at": to_text(self.frozen_at),
            "after": self.after,
            "rows": self.rows,
            "past_expiry": self.past_expiry,
            "sha256": self.sha256,
            "left_out": self.left_out,
        }
        write_json(self.sidecar_path, {**said, _DIGEST: sha256_of_json(said)})


def read(sidecar: Path) -> DeltaFile:
    """The delta file that a sidecar describes; LedgerConflict when the sidecar is damaged."""
    try:
        raw = json.loads(sidecar.read_text(encoding="utf-8"))
        if raw.pop(_DIGEST, None) not in (None, sha256_of_json(raw)):  # None: written before there was one
            raise ValueError("its digest is another")
        return DeltaFile(
            path=sidecar.with_suffix(".parquet"),
            destination=raw["destination"],
            build_id=raw["build_id"],
            frozen_at=from_text(raw["frozen_at"]),
            after=raw["after"],
            rows=raw["rows"],
            past_expiry=raw["past_expiry"],
            sha256=raw["sha256"],
            left_out=raw.get("left_out", 0),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerConflict(
            f"{sidecar} cannot be read as the sidecar of a delta file ({type(error).__name__}). Restore it from a "
            "backup; if the file was never enrolled, delete it and run `waybill build`."
        ) from error


def frozen(home: Home, destination: str) -> list[DeltaFile]:
    """Every finished delta file of a destination, oldest first."""
    return [read(path) for path in sidecars(home, destination)]


def newest(home: Home, destination: str) -> DeltaFile | None:
    """The last delta file that was frozen, or None; LedgerConflict when a newer one has lost its sidecar."""
    paths, gone = _listed(home, destination)
    if gone:
        raise LedgerConflict(
            f"The sidecar {gone[-1]} is gone, so nobody can say what its build withdrew and what it froze. Restore it "
            "from a backup, or run `waybill build`, which writes both anew, before anything is sent."
        )
    return read(paths[-1]) if paths else None


def lost(home: Home, destination: str) -> list[Path]:
    """The sidecars that are gone of files that are newer than all that have one, oldest first.

    A file that no build has finished never had one, and is none of them: its build did not succeed, and no gate judged
    it.
    """
    return _listed(home, destination)[1]


def _listed(home: Home, destination: str) -> tuple[list[Path], list[Path]]:
    """The sidecars of a destination, and those that are gone, each oldest first."""
    finished = builds.state(home).last_good_seq  # first: what is finished by now has its sidecar when they are listed
    beside = [path for path in (home.delta / destination).glob("*") if path.suffix in (".parquet", ".json")]
    paths = _in_order(beside)
    last = builds.order(paths[-1].stem) if paths else ""
    gone = {
        path.name.partition(".")[0]
        for path in beside
        if path.name.endswith(".decision.json") or 0 < builds.number(path.name.partition(".")[0]) <= finished
    }
    newer = sorted((build for build in gone if builds.order(build) > last), key=builds.order)
    missing = [home.delta / destination / f"{build}.json" for build in newer]
    # One may have come, and its decision, while the folder was listed.
    return paths, [path for path in missing if not path.exists()]


def named(home: Home, file_id: str) -> DeltaFile | None:
    """The delta file of this name, or None; a name is only compared with what is there, never made into a path."""
    destination = file_id.partition("/")[0]
    known = [folder.name for folder in home.delta.glob("*") if folder.is_dir()]
    paths = sidecars(home, destination) if destination in known else []
    return next((read(path) for path in paths if f"{destination}/{path.stem}" == file_id), None)


def sidecars(home: Home, destination: str) -> list[Path]:
    """The sidecars of a destination, oldest first."""
    return _in_order((home.delta / destination).glob("*.json"))


def _in_order(paths: Iterable[Path]) -> list[Path]:
    """The sidecars among these files, oldest first; decisions and approvals have a second suffix."""
    own = (path for path in paths if path.suffix == ".json" and "." not in path.stem)
    return sorted(own, key=lambda path: builds.order(path.stem))
