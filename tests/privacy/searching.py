"""Finding planted values in whatever a run leaves: every byte of every file, and what is packed inside it.

A value is looked for as it is, in capitals, as digits alone, percent-encoded, JSON-escaped, in base64, in hex, in
UTF-16 and as the bare SHA-256 of what was written. Parquet and gzip are unpacked, databases read row by row besides.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import sqlite3
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import duckdb


class Found(NamedTuple):
    """A planted value where it must not be: its name, in which form, and where."""

    name: str
    form: str
    place: str


@dataclass(frozen=True)
class Needle:
    """One form of a planted value: ``text`` is in lower case, or ``is_exact`` where case carries meaning."""

    name: str
    form: str
    text: bytes
    is_exact: bool = False
    is_number: bool = False


def forms(name: str, value: str) -> Iterator[Needle]:
    """Every form in which a value could lie about."""
    plain = value.encode()
    variants = {
        "plain": value.lower(),
        "percent": quote(value, safe="").lower(),
        "percent, twice": quote(quote(value, safe=""), safe="").lower(),
        "json": json.dumps(value)[1:-1].lower(),
        "hex": plain.hex(),
        "hex of capitals": value.upper().encode().hex(),
        "sha256": hashlib.sha256(plain).hexdigest(),
        "utf-16": "",
    }
    seen: set[bytes] = set()
    for form, text in variants.items():
        needle = value.encode("utf-16-le").lower() if form == "utf-16" else text.encode()
        if needle not in seen:
            seen.add(needle)
            yield Needle(name, form, needle)
    yield Needle(name, "sha256, packed", hashlib.sha256(plain).digest(), is_exact=True)
    for written in dict.fromkeys((value, value.lower(), value.upper())):
        for shift in range(3):  # base64 writes three bytes at a time, so a value has three faces inside a longer text
            packed = base64.b64encode(b"\0" * shift + written.encode())
            inside = packed[(0, 2, 3)[shift] : len(packed) - 4]
            if len(inside) >= 10:
                yield Needle(name, f"base64 at {shift}", inside, is_exact=True)


def digits(name: str, value: str, shortest: int) -> Iterator[Needle]:
    """A number as digits alone; only where no other digit stands beside it."""
    number = re.sub(r"\D", "", value)
    for length in {len(number), shortest}:
        yield Needle(name, "digits", number[-length:].encode(), is_number=length < 9)


def find(needles: Iterable[Needle], data: bytes, place: str) -> Iterator[Found]:
    """The needles that are in some bytes."""
    lowered = data.lower()
    for needle in needles:
        heap = data if needle.is_exact else lowered
        if needle.text not in heap:
            continue
        if needle.is_number and not re.search(rb"(?<!\d)" + needle.text + rb"(?!\d)", heap):
            continue
        yield Found(needle.name, needle.form, place)


def search(roots: Mapping[str, Path], needles: Iterable[Needle], without: Iterable[str] = ()) -> list[Found]:
    """Looks through all files below these folders (or files), by ``<name>/<relative path>``; ``without`` are patterns
    of such places that are not looked at."""
    wanted, left_out = list(needles), [re.compile(pattern) for pattern in without]
    found: dict[Found, None] = {}
    for root, place in files(roots):
        if not any(pattern.fullmatch(place) for pattern in left_out):
            for data, inside in contents(root, place, left_out):
                found |= dict.fromkeys(find(wanted, data, inside))
    return list(found)


def files(roots: Mapping[str, Path]) -> Iterator[tuple[Path, str]]:
    """Every file below these folders with its place; what a link leads to is looked at once, where it is."""
    for name, root in roots.items():
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path, name if path == root else f"{name}/{path.relative_to(root)}"


def contents(path: Path, place: str, without: Iterable[re.Pattern[str]] = ()) -> Iterator[tuple[bytes, str]]:
    """A file's bytes, its name, and whatever is packed inside it."""
    data = path.read_bytes()
    yield path.name.encode(), f"name of {place}"
    yield data, place
    if data.startswith(b"\x1f\x8b"):
        yield from _unpacked(gzip.decompress(data), place)
    elif data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield archive.read(name), f"{place}: {name}"
    elif data.startswith(b"PAR1"):
        yield from _parquet(path, place)
    elif data.startswith(b"SQLite format 3\0"):
        yield from _sqlite(path, place)
    elif data[8:12] == b"DUCK":
        yield from _duckdb(path, place, without)


def _unpacked(data: bytes, place: str) -> Iterator[tuple[bytes, str]]:
    yield data, f"{place}: unpacked"
    if data[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive.getmembers():
                inside = archive.extractfile(member)
                if inside is not None:
                    yield inside.read(), f"{place}: {member.name}"


def _parquet(path: Path, place: str) -> Iterator[tuple[bytes, str]]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select cast(to_json(row_of_file) as varchar) from read_parquet($file) as row_of_file", {"file": str(path)}
        ).fetchall()
    yield "\n".join(row for (row,) in rows).encode(), f"{place}: rows"


def _sqlite(path: Path, place: str) -> Iterator[tuple[bytes, str]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        names = connection.execute("select name from sqlite_master where type in ('table', 'view')").fetchall()
        for (name,) in names:
            table = name.decode()
            quoted = '"' + table.replace('"', '""') + '"'
            rows = connection.execute(f"select * from {quoted}")
            cells = (cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)
            yield b"\n".join(cells), f"{place}: {table}"


def _duckdb(path: Path, place: str, without: Iterable[re.Pattern[str]]) -> Iterator[tuple[bytes, str]]:
    """Tables and views, by ``<file>: <schema>.<name>``."""
    with duckdb.connect(path, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() union all "
            "select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
        for schema, name in names:
            inside = f"{place}: {schema}.{name}"
            if any(pattern.fullmatch(inside) for pattern in without):
                continue
            rows = connection.execute(f'select cast(to_json(told) as varchar) from "{schema}"."{name}" as told')
            yield "\n".join(row or "" for (row,) in rows.fetchall()).encode(), inside
