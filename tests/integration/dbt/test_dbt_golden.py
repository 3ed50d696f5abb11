"""The exact payload of every kind of event, kept as a file; and the platform takes every one of them.

A golden file holds the payload byte for byte but for white space between tokens, so that it can be read. To write them
anew: ``pytest tests/integration/dbt/test_dbt_golden.py --update-golden``, then read the diff: it is what will be sent.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests
from dbt_home import ROOT, DbtHome
from golden_story import KEYS, NORMALIZED, tell

from waybill.emulator import running

GOLDEN = ROOT / "tests" / "golden" / "meta"
_tokens = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\[\]{},:"\s]+').findall


@pytest.fixture(scope="module")
def golden_home(tmp_path_factory: pytest.TempPathFactory) -> DbtHome:
    home = DbtHome(tmp_path_factory.mktemp("golden"))
    tell(home)
    return home


@pytest.fixture(scope="module")
def payloads(golden_home: DbtHome) -> Mapping[str, str]:
    """The payload of each kind of the story."""
    return {kind: golden_home.meta(key)["payload"] for kind, key in KEYS.items()}


def test_the_story_has_every_kind_that_is_ever_sent(golden_home: DbtHome) -> None:
    models = golden_home.query("select distinct event_kind from marts.fct_conversion_candidates")
    kinds = {row["event_kind"] for row in models}
    assert kinds == {kind.partition(".")[0] for kind in KEYS}


@pytest.mark.parametrize("kind", KEYS)
def test_golden_payload(payloads: Mapping[str, str], kind: str, update_golden: bool) -> None:
    path = GOLDEN / f"{kind}.json"
    if update_golden:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_indented(payloads[kind]), encoding="utf-8")
    assert payloads[kind] == _compact(path.read_text(encoding="utf-8"))


def test_the_hashes_are_those_of_the_person(payloads: Mapping[str, str]) -> None:
    sent = json.loads(payloads["website_purchase"])["user_data"]
    hashes = {key: hashlib.sha256(text.encode()).hexdigest() for key, text in NORMALIZED.items()}
    assert {key: sent[key][0] for key in hashes} == hashes


def test_there_is_a_golden_file_for_each_kind_and_no_other() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(KEYS)


def test_the_platform_takes_them_all(golden_home: DbtHome, payloads: Mapping[str, str], tmp_path: Path) -> None:
    with running(tmp_path / "book.sqlite", {"1": "t"}, now=lambda: golden_home.now) as emulator:
        body = f'{{"access_token":"t","data":[{",".join(payloads.values())}]}}'
        url, kind = f"{emulator.base_url}/v26.0/1/events", {"Content-Type": "application/json"}
        answer = requests.post(url, data=body.encode(), headers=kind, timeout=60)
        assert answer.json().get("events_received") == len(KEYS), emulator.book.requests()[-1].rule
        assert emulator.book.requests()[-1].warnings == {}
        assert [event.payload for event in emulator.book.events()] == list(payloads.values())


def test_indenting_changes_nothing_but_white_space() -> None:
    text = '{"a":[1.50,-0,{"b":"x: {\\"y\\", [z]}\\\\"}],"c":{},"d":true}'
    assert _compact(_indented(text)) == text
    assert json.loads(_indented(text)) == json.loads(text)


def _indented(payload: str) -> str:
    lines, depth = [""], 0
    for token in _tokens(payload):
        if token in "]}":
            depth -= 1
            lines.append("  " * depth)
        lines[-1] += ": " if token == ":" else token
        if token in "[{":
            depth += 1
        if token in "[{,":
            lines.append("  " * depth)
    return "\n".join(lines) + "\n"


def _compact(text: str) -> str:
    return "".join(_tokens(text))
