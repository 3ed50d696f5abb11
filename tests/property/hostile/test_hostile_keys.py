"""Keys that are SQL, shell, paths, markup or terminal codes are keys: found, shown, decided about, and nothing else."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from chain import Chain
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from office import DATASET, TOKEN
from outbox import NOW, Event

from waybill.accounting.audit import audit
from waybill.accounting.explain import explain
from waybill.accounting.preview import preview
from waybill.delivery import actions, verbs
from waybill.emulator import Emulator, running
from waybill.errors import ConfigurationError
from waybill.events import key_in_source_key
from waybill.printing import print_explanation, print_preview, print_rows

HOSTILE = (
    *("o'; drop table candidates; --", '" or ""="', "$wanted", "?", "%s", "{0}", "{{ 7*7 }}", "{% raw %}", "x' || 'y"),
    *("$(touch waybill-was-here)", "`touch waybill-was-here`", "; touch waybill-was-here", "--help", "-x", "a\nb\r\nc"),
    *("../../waybill-was-here", "/etc/passwd", "a/b/c", "..", "%", "%2F", "%25", "*", "[a-z]", "~", "C:\\x", "a\\"),
    *(
        "[/]",
        "[bold]x",
        "[link=https://example.com]x[/link]",
        "[red",
        "\x1b[2J\x1b]0;x\x07",
        "\x9b31m",
        "\u202egnp.exe",
    ),
    *("王", "e\u0301", "\u200b", "\ufeffx", "NaN", "null", "1e400", " x ", "\t"),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)


@dataclass(frozen=True)
class Keyed(Event):
    """An event whose key is any text."""

    key: str = ""

    @property
    def source_key(self) -> str:
        return f"shop/orders/{key_in_source_key(self.key)}"


class KeyedChain(Chain):
    def candidates(self) -> list[dict[str, Any]]:
        keys = {event.source_key: event.key for event in self.events if isinstance(event, Keyed)}
        return [{**row, "entity_key": keys[row["source_key"]]} for row in super().candidates()]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    book = tmp_path_factory.mktemp("hostile") / "book.sqlite"
    with running(book, {DATASET: TOKEN}, now=lambda: NOW) as emulator:
        yield emulator


@contextmanager
def home_of(platform: Emulator, keys: list[str]) -> Iterator[KeyedChain]:
    """A home in which each key was delivered, with a neighbour that waits."""
    with TemporaryDirectory() as folder:
        chain = KeyedChain.make(Path(folder) / "home", platform.base_url)
        chain.add([Keyed(number, key=key) for number, key in enumerate(keys, start=1)])
        yield chain


def check_shown(capsys: pytest.CaptureFixture[str], shown: str) -> None:
    said = capsys.readouterr().out
    assert all(character.isprintable() or character == "\n" for character in said), repr(said)
    assert shown in said.replace("\n", "")


def readable(key: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in key)


def check(platform: Emulator, keys: list[str], explained: Iterable[str], capsys: pytest.CaptureFixture[str]) -> None:
    with home_of(platform, keys) as chain:
        office = chain.office
        for key in keys:
            [frozen] = preview(office.settings, key, destination="meta", limit=1, show_values=False)
            print_preview(frozen)
            check_shown(capsys, readable(frozen.source_key))
            print_rows("keys", [{"key": key, "n": 1}])
            check_shown(capsys, "n")
        for key in explained:
            [found] = explain(office.settings, key)
            assert found.placed["entity_key"] == key
            print_explanation(found)
            check_shown(capsys, readable(found.placed["source_key"]))
        office.deliver()
        with pytest.raises(ConfigurationError, match="Nothing was changed"):
            verbs.withdraw(office.settings, keys[0], None, actions.author(office.settings, "a test", "somebody"))
        assert office.states() == {"accepted": len(keys)}
        assert audit(office.settings) == []
        assert not list(office.home.root.parent.rglob("*waybill-was-here*"))


def test_hostile_keys(platform: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    check(platform, list(HOSTILE), HOSTILE[::6], capsys)
    assert not Path("waybill-was-here").exists()


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(KEYS, min_size=5, max_size=12, unique=True))
def test_any_key(platform: Emulator, capsys: pytest.CaptureFixture[str], keys: list[str]) -> None:
    check(platform, keys, keys[:1], capsys)
