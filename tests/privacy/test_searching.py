"""The searcher finds a planted value in each kind of store and form: a search that cannot fail proves nothing."""

import base64
import gzip
import hashlib
import json
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
from searching import digits, find, forms, search

VALUE = "Zq.Canary+7@Example.com"
NEEDLES = list(forms("e-mail", VALUE))


def _parquet(folder: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select ['x', '{VALUE}'] as listed, i from range(2000) as t(i)) to '{folder}/a.parquet' "
            "(format parquet, compression zstd)"
        )


def _sqlite(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "a.db")) as connection:
        connection.execute("create table t (x text)")
        connection.execute("insert into t values (?)", (VALUE,))
        connection.commit()


def _sqlite_in_its_write_ahead_log(folder: Path) -> None:
    connection = sqlite3.connect(folder / "a.db")
    connection.execute("pragma journal_mode = wal")
    connection.execute("create table t (x text)")
    connection.execute("insert into t values (?)", (VALUE,))
    connection.commit()
    (folder / "b.db").write_bytes((folder / "a.db").read_bytes())
    (folder / "b.db-wal").write_bytes((folder / "a.db-wal").read_bytes())
    connection.close()
    (folder / "a.db").unlink()


def _duckdb(folder: Path) -> None:
    with duckdb.connect(folder / "a.duckdb") as connection:
        connection.execute(f"create table t as select '{VALUE}' as x from range(5000)")


def _duckdb_view(folder: Path) -> None:
    with duckdb.connect(folder / "a.duckdb") as connection:
        connection.execute("create view v as select 'zq.canary+7@' || 'example.com' as x")


def _gz(folder: Path) -> None:
    (folder / "a.log.gz").write_bytes(gzip.compress(VALUE.encode()))


def _tar_gz(folder: Path) -> None:
    (folder / "inside").write_text(VALUE)
    with tarfile.open(folder / "a.tar.gz", "w:gz") as archive:
        archive.add(folder / "inside")
    (folder / "inside").unlink()


def _zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", VALUE * 20)


def _log(folder: Path) -> None:
    (folder / "a.log").write_text(f"2026-11-20 could not convert '{VALUE}'\n")


def _name(folder: Path) -> None:
    (folder / VALUE).touch()


STORES = [_parquet, _sqlite, _sqlite_in_its_write_ahead_log, _duckdb, _duckdb_view, _gz, _tar_gz, _zip, _log, _name]


@pytest.mark.parametrize("store", STORES, ids=lambda store: store.__name__.strip("_"))
def test_it_is_found_in_every_kind_of_store(tmp_path: Path, store: Callable[[Path], None]) -> None:
    assert search({"home": tmp_path}, NEEDLES) == []
    store(tmp_path)
    assert {found.name for found in search({"home": tmp_path}, NEEDLES)} == {"e-mail"}


@pytest.mark.parametrize(
    "written",
    [
        VALUE.upper(),
        quote(VALUE),
        quote(quote(VALUE)),
        json.dumps({"x": VALUE}),
        VALUE.encode().hex().upper(),
        VALUE.encode("utf-16-le").decode("latin-1"),
        hashlib.sha256(VALUE.encode()).hexdigest().upper(),
        *(base64.b64encode(b"abc"[:length] + VALUE.encode() + b"!").decode() for length in range(4)),
        base64.urlsafe_b64encode(f"a {VALUE.lower()}".encode()).decode(),
    ],
)
def test_it_is_found_in_every_form(written: str) -> None:
    assert list(find(NEEDLES, f"before {written} after".encode("latin-1"), "here"))


def test_letters_beyond_ascii_are_found_escaped_and_encoded() -> None:
    needles = list(forms("name", "Zqüüsra"))
    for written in ("ZQÜÜSRA", json.dumps("Zqüüsra"), quote("Zqüüsra")):
        assert list(find(needles, written.lower().encode(), "here")), written


def test_a_phone_is_found_by_its_digits_and_other_numbers_are_not_it() -> None:
    needles = list(digits("phone", "+1 (202) 555-0142", shortest=10))
    assert {needle.text for needle in needles} == {b"12025550142", b"2025550142"}
    assert list(find(needles, b"call 2025550142 now", "here"))
    assert not list(find(needles, b"call 2025550143 now", "here"))
    birth = list(digits("birth date", "1913-02-17", shortest=8))
    assert list(find(birth, b"db 19130217.", "here")) and not list(find(birth, b"0.8191302175", "here"))


def test_what_may_hold_it_is_left_out_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "a.txt").write_text(VALUE)
    (tmp_path / "landing.txt").write_text(VALUE)
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        connection.execute(
            "create schema staging; create view staging.v as select 'zq.canary+7@' || 'example.com' as x"
        )
    found = search({"home": tmp_path}, NEEDLES, without=[r"home/landing/.*", r"home/w\.duckdb: staging\..*"])
    assert {one.place for one in found} == {"home/landing.txt"}
