"""Erasure in Parquet files: delta files, what is published, landing. A row that must count stays, and says nothing.

Its names become random, its payload an empty object, its amounts go, its times are kept to the day.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from waybill import delta
from waybill.delivery import keyfiles, withdrawals
from waybill.delivery.ledger import Ledger
from waybill.delta import DeltaFile
from waybill.errors import LedgerConflict
from waybill.events import ERASED
from waybill.files import sha256_of, write_json, written_aside
from waybill.home import Home
from waybill.quality import approvals, decisions
from waybill.retention.forget_find import landed, stores
from waybill.retention.forget_journal import Journal
from waybill.settings import Settings
from waybill.tombstones import Sieve, Tombstones

_EMPTY: Final = "{}"

_BLANK: Final[Mapping[str, str]] = {
    "source_key": f"'{ERASED}/{ERASED}/' || token",
    "source": f"'{ERASED}'",
    "entity": f"'{ERASED}'",
    "entity_key": "token",
    "part": "''",
    "event_id": f"'{ERASED}_' || token",
    "event_id_now": f"'{ERASED}_' || token",
    "payload": f"'{_EMPTY}'",
    "payload_digest": f"'{hashlib.sha256(_EMPTY.encode()).hexdigest()}'",
    "removed": "true",
    **dict.fromkeys(("value", "value_now", "currency", "currency_now"), "null"),
    **{
        name: f"date_trunc('day', {name})"
        for name in ("occurred_at", "occurred_at_now", "committed_at", "landed_at", "expires_at")
    },
}
"""What a column of an erased row holds instead; every other column says nothing of a person."""


def blank(home: Home, path: Path, journal: Journal, *, drop: bool = False, to: Path | None = None) -> None:
    """Takes what is linkable out of a Parquet file's rows (or, with ``drop``, these rows out of a delta file).

    A file without such rows is left as it is. What is written goes to ``to``, else in its place.
    """
    if not _holds(path, journal):
        return
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'UTC'")
        _register(db, journal)
        file = landed([str(path)])
        columns = [(row[0], row[1]) for row in db.execute(f"describe from {file}").fetchall()]
        shown = ", ".join(
            f"{_number(name, kind) if drop else _blanked(name, kind)} as {name}" for name, kind in columns
        )
        db.execute(
            f"create temp table rewritten as select {shown} from {file[:-1]}, file_row_number = true) "  # noqa: S608
            "left join tokens on source_key = erased_key "
            f"{'where token is null' if drop else ''} order by file_row_number"
        )
        # These two carry a digest of their rows.
        if path.is_relative_to(home.key_files):
            keyfiles.write(db, "rewritten", path, is_whole=keyfiles.is_whole(path, db))
            return
        if path.name.endswith(".withdrawals.parquet"):
            withdrawals.write(db, "rewritten", path, is_whole=withdrawals.is_whole(path))
            return
        with written_aside(to or path) as aside:
            db.execute("copy rewritten to ? (format parquet, compression zstd, row_group_size 10000)", [str(aside)])


def _holds(path: Path, journal: Journal) -> bool:
    with duckdb.connect() as db:
        _register(db, journal)
        query = f"select 1 from {landed([str(path)])} semi join tokens on source_key = erased_key limit 1"  # noqa: S608
        return bool(db.execute(query).fetchall())


def _register(db: duckdb.DuckDBPyConnection, journal: Journal) -> None:
    keys, tokens = list(journal.tokens), list(journal.tokens.values())
    db.register(
        "tokens",
        pa.table({"erased_key": pa.array(keys, type=pa.string()), "token": pa.array(tokens, type=pa.string())}),
    )


def _blanked(name: str, kind: str) -> str:
    return f"case when token is null then {name} else cast({_BLANK[name]} as {kind}) end" if name in _BLANK else name


def _number(name: str, kind: str) -> str:
    return f"cast(row_number() over (order by file_row_number) - 1 as {kind})" if name == "row_number" else name


def erase_delta_files(settings: Settings, ledger: Ledger, journal: Journal) -> dict[str, str]:
    """Rewrites the delta files that hold events of the person; file_id → its digest now, of those that are enrolled.

    An enrolled file keeps its rows, because the ledger counts them by number. One that is not loses them, and its
    decision with them, which was made about other rows: the gate judges it again. The sidecar comes last.
    """
    enrolled = {file.file_id: file for file in ledger.enrolled_files()}
    digests: dict[str, str] = {}
    for folder in sorted(path for path in settings.home.delta.glob("*") if path.is_dir()):
        for file in delta.frozen(settings.home, folder.name):
            is_enrolled = file.file_id in enrolled
            sha256 = _erase_delta(settings.home, file, journal, is_enrolled=is_enrolled) if file.path.exists() else None
            if sha256 is None:
                continue
            rewritten = _as_written(file, sha256)
            if is_enrolled:
                digests[file.file_id] = sha256
                _rebind(settings.home, rewritten, journal)
            else:
                file.approval_path.unlink(missing_ok=True)
                file.decision_path.unlink(missing_ok=True)
            rewritten.write_sidecar()
        for path in folder.glob("*.parquet"):  # of a build that was killed; without a sidecar it does not count
            if not path.name.endswith(".withdrawals.parquet") and not path.with_suffix(".json").exists():
                file_id = f"{folder.name}/{path.stem}"
                if file_id in enrolled and enrolled[file_id].settled_at is None:
                    raise LedgerConflict(
                        f"The sidecar {path.with_suffix('.json')} is gone, and events wait in its file. Restore it "
                        "from a backup and run `waybill ledger forget --resume`."
                    )
                path.unlink()
    return digests


def _erase_delta(home: Home, file: DeltaFile, journal: Journal, *, is_enrolled: bool) -> str | None:
    """The digest of a delta file without the person; None where nobody of it is erased.

    The new digest is in the journal before the file is in place, so that a damaged file is never taken for it.
    """
    name, aside = str(file.path.relative_to(home.root)), file.path.with_suffix(".erased")
    if name not in journal.delta and not _holds(file.path, journal):
        return None
    old, new = journal.delta.get(name, (file.sha256, ""))
    found = sha256_of(file.path)
    if found == old:
        blank(home, file.path, journal, drop=not is_enrolled, to=aside)
        new = sha256_of(aside)
        journal.delta[name] = (old, new)
        journal.save(home)
        aside.replace(file.path)
    elif found != new:
        raise LedgerConflict(
            f"The delta file {file.path} is damaged: neither what was frozen nor what an erasure made of it. Restore "
            "it from a backup and run `waybill ledger forget --resume`."
        )
    return new


def _as_written(file: DeltaFile, sha256: str) -> DeltaFile:
    past_expiry = pq.read_table(file.path, columns=["past_expiry"])["past_expiry"].to_pylist()
    return replace(file, rows=len(past_expiry), past_expiry=sum(past_expiry), sha256=sha256)


def _rebind(home: Home, file: DeltaFile, journal: Journal) -> None:
    """Binds decision and approval to the rewritten files; the decision's examples lose the person's events."""
    if file.gate_path.exists():
        blank(home, file.gate_path, journal)
    if file.decision_path.exists():
        was = json.loads(file.decision_path.read_text(encoding="utf-8"))
        digests = {"file_sha256": file.sha256, "gate_file_sha256": sha256_of(file.gate_path)}
        write_json(file.decision_path, decisions.rebound(was, {**_without_ids(was, journal.event_ids), **digests}))
        approvals.rebind(file)


def _without_ids(value: Any, event_ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(one, event_ids) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_ids(one, event_ids) for one in value]
    return event_ids.get(value, value) if isinstance(value, str) else value


def erase_published(home: Home, journal: Journal) -> None:
    """Takes the person out of all that is published and of the withdrawals that wait beside delta files."""
    for files in stores(home):
        for path in files:
            if path.parent.parent != home.delta or path.name.endswith(".withdrawals.parquet"):
                blank(home, path, journal)


def erase_landing(settings: Settings, known: Tombstones) -> Tombstones:
    """Rewrites the landing files that hold rows of erased people, without them; returns all tombstones now."""
    for name, source in settings.sources.items():
        with Sieve(name, source, known) as sieve:
            for table in source.people_first():
                condition = sieve.condition(table, source.tables[table].columns)
                for path in sorted((settings.home.landing / name / table).glob("*.parquet")):
                    query = f"select 1 from {landed([str(path)])} where {condition} limit 1"  # noqa: S608 - quoted names
                    if condition and sieve.db.execute(query).fetchall():
                        _sift(path, table, sieve)
            known = sieve.tombstones
    return known


def _sift(path: Path, table: str, sieve: Sieve) -> None:
    with (
        pq.ParquetFile(path) as file,
        written_aside(path) as aside,
        pq.ParquetWriter(aside, file.schema_arrow, compression="zstd") as writer,
    ):
        for batch in file.iter_batches(100_000):
            writer.write_batch(sieve.kept(table, batch))


def erase_data_docs(home: Home, journal: Journal) -> None:
    """Puts the new names in place of the person's event ids on the pages about delta files."""
    if not journal.event_ids:
        return
    one_of = "|".join(re.escape(one) for one in sorted(journal.event_ids, key=len, reverse=True))
    named = re.compile(rf"(?<![\w:.-])({one_of})(?![\w:-]|\.\w)")
    for page in home.data_docs.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        changed = named.sub(lambda match: journal.event_ids[match[0]], text)
        if changed != text:
            with written_aside(page) as aside:
                aside.write_text(changed, encoding="utf-8")
