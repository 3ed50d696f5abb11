"""`waybill normalize`: what the SQL macros make of a file, at the real command line."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def normalize(folder: Path, text: str, *options: str) -> tuple[int, Any, str]:
    file = folder / "values.csv"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "waybill", "normalize", str(file), *options],
        env={**os.environ, "WAYBILL_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("[") else done.stdout, done.stderr


def test_one_object_for_each_row_in_order(tmp_path: Path) -> None:
    rows = 'field,input,country,order\nph,"(650) 555-1212",USA,\ndb,3/4/1990,,dmy\nem,"a ""b"" c",,\nfn,N/A,,\n'
    code, found, _ = normalize(tmp_path, rows, "--json", "--show-values")
    assert code == 0
    assert [(one["field"], one["normalized"], one["reason"]) for one in found] == [
        ("ph", "16505551212", None),
        ("db", "19900403", None),
        ("em", None, "not_an_email"),
        ("fn", None, "placeholder"),
    ]
    assert found[0]["sha256"] == "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"
    assert found[2]["sha256"] is None


def test_what_is_sent_beside_a_value_is_told_too(tmp_path: Path) -> None:
    rows = 'field,input\nem,"b@example.com; A@example.com, b@example.com"\nct,München\nct,Berlin\ndb,3/4/1990\n'
    code, found, _ = normalize(tmp_path, rows, "--json", "--show-values")
    assert code == 0
    assert [(one["normalized"], one["others"], one["reason"]) for one in found] == [
        ("b@example.com", ["a@example.com"], "several_addresses"),
        ("münchen", ["munchen"], None),
        ("berlin", [], None),
        ("19900304", [], "ambiguous_date"),
    ]
    assert found[1]["other_sha256"] == [hashlib.sha256(b"munchen").hexdigest()]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_value_is_shown_unless_asked(tmp_path: Path, options: list[str]) -> None:
    code, found, errors = normalize(tmp_path, "field,input\nem,jane.doe@example.com\n", *options)
    assert code == 0
    assert "jane" not in str(found) + errors


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("input\nx\n", "lacks the column field"),
        ("field,input\nem,a\nshoe,secret-value\n", "row 2: the field is none of em, ph"),
        ("field,input,country,order\ndb,secret-value,,ymd\n", "row 1: the order of a date"),
    ],
)
def test_bad_files_are_refused_without_their_values(tmp_path: Path, text: str, told: str) -> None:
    code, _, errors = normalize(tmp_path, text)
    assert (code, told in errors, "secret-value" in errors) == (2, True, False)
