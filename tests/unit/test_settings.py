"""Settings: one message lists all problems, a sample home stays on this machine, no secret is ever shown."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from waybill.errors import ConfigurationError
from waybill.home import HomeFacts
from waybill.settings import load_settings
from waybill.thresholds import Thresholds

TOKEN = "EAAB-made-up-token"


def environment(home: Path, **given: str) -> dict[str, str]:
    return {
        "WAYBILL_HOME": str(home),
        "WAYBILL_META_DATASET_ID": "1234567890",
        "WAYBILL_META_ACCESS_TOKEN": TOKEN,
        "WAYBILL_META_START_AT": "2026-11-01T00:00:00Z",
        **given,
    }


def test_every_problem_is_in_one_message_and_no_value_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environment(tmp_path, WAYBILL_META_BASE_URL="ftp://x", WAYBILL_META_DATASET_ID=TOKEN))
    message = str(caught.value)
    assert "destinations.meta.base_url" in message
    assert "destinations.meta.datasets.main.dataset_id" in message
    assert TOKEN not in message


def test_a_token_travels_encrypted_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        load_settings(environment(tmp_path, WAYBILL_META_BASE_URL="http://graph.example.com"))


def test_going_live_needs_a_start(tmp_path: Path) -> None:
    settings = load_settings({"WAYBILL_HOME": str(tmp_path)})
    with pytest.raises(ConfigurationError, match="WAYBILL_META_START_AT"):
        settings.started_destination("meta")


def test_an_unknown_destination_is_named_beside_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'tiktok'.*meta"):
        load_settings(environment(tmp_path)).destination("tiktok")


@pytest.mark.parametrize("url", ["https://graph.facebook.com", "https://198.51.100.7"])
def test_a_sample_home_sends_to_this_machine_only(tmp_path: Path, url: str) -> None:
    facts = HomeFacts(is_sample=True, start_at=datetime(2026, 11, 1, tzinfo=UTC))
    (tmp_path / "home.toml").write_text(facts.to_toml())
    with pytest.raises(ConfigurationError, match="made-up shop"):
        load_settings(environment(tmp_path, WAYBILL_META_BASE_URL=url)).sendable_destination("meta")
    loopback = load_settings(environment(tmp_path, WAYBILL_META_BASE_URL="http://127.0.0.1:8085"))
    assert loopback.sendable_destination("meta").base_url == "http://127.0.0.1:8085"


def test_the_home_fixes_the_clock_and_the_start(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    facts = HomeFacts(is_sample=True, as_of=moment, start_at=moment, warehouse_uri="duckdb:////tmp/shop.duckdb")
    (tmp_path / "home.toml").write_text(facts.to_toml())
    settings = load_settings({"WAYBILL_HOME": str(tmp_path)})
    assert settings.clock.now() == moment
    assert settings.destination("meta").start_at == moment
    assert settings.warehouse_uri is not None
    assert settings.warehouse_uri.get_secret_value() == "duckdb:////tmp/shop.duckdb"


@pytest.mark.parametrize("folder", ["build=1", "pre [prod] x", "st*r", "wh?t", "env=prod/home", "it's mine"])
def test_a_home_whose_path_means_more_to_an_engine_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(ConfigurationError, match=r"home_root: .*WAYBILL_HOME is in a folder with"):
        load_settings({"WAYBILL_HOME": str(tmp_path / folder)})
    assert load_settings({"WAYBILL_HOME": str(tmp_path / "a home {1} 50% + ünï")}).home.root.name.endswith("ünï")


def test_a_damaged_home_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home.toml").write_text("sample = maybe")
    with pytest.raises(ConfigurationError, match=r"home\.toml"):
        load_settings({"WAYBILL_HOME": str(tmp_path)})


def test_nothing_that_is_shown_holds_a_secret(tmp_path: Path) -> None:
    settings = load_settings(environment(tmp_path, WAYBILL_WAREHOUSE_URI="postgresql://shop:hunter2@127.0.0.1/shop"))
    for text in (str(settings.redacted()), repr(settings), str(settings)):
        assert TOKEN not in text
        assert "hunter2" not in text


_TABLE = 'key = ["id"]\ncursor = "at"\ncolumns.id = "varchar"\ncolumns.at = "timestamptz"\n'


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ('key = ["id"]\ncursor = "at"\ncolumns.id = "varchar"\ncolumns.at = "text"', "at has the unknown type"),
        ('key = ["id"]\ncursor = "at"\ncolumns.at = "timestamptz"', "id is not"),
        ('key = ["id"]\ncursor = "id"\ncolumns.id = "varchar"', "must be a timestamptz"),
        ('key = ["id; drop"]\ncursor = "at"\ncolumns.at = "timestamptz"', "sources.s.tables.t.key"),
        (f"{_TABLE}person = []", 'must be "none", or "self"'),
        (f'{_TABLE}person = [{{ column = "who", table = "people" }}]', "not declared: who"),
        (f'{_TABLE}person = [{{ column = "id", table = "people" }}]', "leads to people, which belongs to nobody"),
        (f'{_TABLE}person = [{{ column = "id", table = "t" }}]', "in a circle"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, table: str, place: str) -> None:
    config = tmp_path / "waybill.toml"
    config.write_text(f"[sources.s.tables.t]\n{table}\n[destinations.meta]\n")
    with pytest.raises(ConfigurationError, match=place):
        load_settings({"WAYBILL_HOME": str(tmp_path), "WAYBILL_CONFIG": str(config)})


def test_waybill_toml_names_every_threshold_with_its_default() -> None:
    raw = tomllib.loads((Path(__file__).parents[2] / "include" / "waybill.toml").read_text(encoding="utf-8"))
    assert raw["gate"] == Thresholds().model_dump()


def test_a_destination_lays_its_thresholds_over_those_for_all(tmp_path: Path) -> None:
    config = tmp_path / "waybill.toml"
    table = '[sources.s.tables.t]\nkey = ["at"]\ncursor = "at"\ncolumns.at = "timestamptz"\n'
    gate = "[gate]\nminimum_rows = 20\nquarantined_share = 0.1\n"
    own = "[destinations.meta]\n[destinations.meta.gate]\nquarantined_share = 0.3\n[destinations.other]\n"
    config.write_text(table + gate + own)
    given = {"WAYBILL_HOME": str(tmp_path), "WAYBILL_CONFIG": str(config)}
    settings = load_settings(given)
    both = [settings.destination(name).gate for name in ("meta", "other")]
    assert [(one.minimum_rows, one.quarantined_share) for one in both] == [(20, 0.3), (20, 0.1)]
    config.write_text(table + "[gate]\nquarantined_share = 2\nmaximum_rows = 1\n[destinations.meta]\n")
    with pytest.raises(ConfigurationError) as refused:
        load_settings(given)
    for place in ("destinations.meta.gate.quarantined_share", "destinations.meta.gate.maximum_rows"):
        assert place in str(refused.value)


def test_a_ledger_on_a_server_is_shown_without_its_password(tmp_path: Path) -> None:
    for uri in ("postgresql://ledger:hun/t@er2@db.example.com/books?schema=ours&sslpassword=hunter3",):
        settings = load_settings(environment(tmp_path, WAYBILL_LEDGER_URI=uri))
        assert settings.home.ledger_uri is not None
        assert settings.redacted()["ledger_uri"] == "postgresql://…@db.example.com/books?schema=ours&sslpassword=…"
        for text in (str(settings.redacted()), repr(settings), repr(settings.home)):
            assert "er2" not in text and "hunter3" not in text
    assert load_settings(environment(tmp_path, WAYBILL_LEDGER_URI="")).home.ledger_uri is None


def test_a_ledger_is_in_postgresql_or_in_the_home(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="WAYBILL_LEDGER_URI") as refused:
        load_settings(environment(tmp_path, WAYBILL_LEDGER_URI="mysql://ledger:hunter2@db.example.com/books"))
    assert "hunter2" not in str(refused.value)


def test_a_sample_home_keeps_its_ledger_on_this_machine(tmp_path: Path) -> None:
    facts = HomeFacts(is_sample=True, start_at=datetime(2026, 11, 1, tzinfo=UTC))
    (tmp_path / "home.toml").write_text(facts.to_toml())
    given = {"WAYBILL_META_BASE_URL": "http://127.0.0.1:8085"}
    for uri, kept in (("postgresql://l@db.example.com/books", False), ("postgresql://l@127.0.0.1/books", True)):
        settings = load_settings(environment(tmp_path, WAYBILL_LEDGER_URI=uri, **given))
        if kept:
            assert settings.sendable_destination("meta").datasets
        else:
            with pytest.raises(ConfigurationError, match="WAYBILL_LEDGER_URI"):
                settings.sendable_destination("meta")
