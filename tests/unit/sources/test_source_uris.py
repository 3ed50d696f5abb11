"""Warehouse addresses: what is understood, what is refused, and that a password is never shown."""

from pathlib import Path

import pytest

from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.sources.uris import DuckDbFile, PostgresServer, parse


def test_duckdb_files_are_relative_with_three_slashes_and_absolute_with_four() -> None:
    assert parse("duckdb:///shop.duckdb") == DuckDbFile(Path.cwd() / "shop.duckdb")
    assert parse("duckdb:////srv/shop.duckdb") == DuckDbFile(Path("/srv/shop.duckdb"))


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "POSTGRESQL"])
def test_postgresql_is_known_by_every_name_it_is_given(scheme: str) -> None:
    address = parse(f"{scheme}://ada:s%40cret@127.0.0.1:5433/shop")
    assert isinstance(address, PostgresServer)
    assert address.uri == "postgresql://ada:s%40cret@127.0.0.1:5433/shop"


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://ada:s%40cret@127.0.0.1:5433/shop?sslmode=require",
        "postgresql://ada@127.0.0.1:5433/shop?password=s%40cret&sslmode=require",
    ],
)
def test_a_password_is_never_shown(uri: str) -> None:
    address = parse(uri)
    assert isinstance(address, PostgresServer)
    assert address.shown == "postgresql://ada@127.0.0.1:5433/shop?sslmode=require"
    assert "cret" not in repr(address)
    assert "cret" not in address.scrub('could not use "s@cret" or s%40cret here')


def test_a_time_out_is_added_where_there_is_none() -> None:
    assert PostgresServer("postgresql://h/d").with_timeout(3).endswith("/d?connect_timeout=3")
    assert PostgresServer("postgresql://h/d?a=b").with_timeout(3).endswith("?a=b&connect_timeout=3")
    assert PostgresServer("postgresql://h/d?connect_timeout=9").with_timeout(3).endswith("connect_timeout=9")


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (None, "No warehouse is set"),
        ("  ", "No warehouse is set"),
        ("/srv/shop.duckdb", "without a scheme"),
        ("ada:secret@127.0.0.1/shop", "without a scheme"),
        ("mysql://ada:secret@127.0.0.1/shop", "scheme 'mysql'"),
        ("duckdb:///", "does not name"),
        ("duckdb:///:memory:", "does not name"),
        ("duckdb://shop.duckdb", "does not name"),
        ("postgresql:/ada:secret@127.0.0.1/shop", "cannot be read"),
        ("postgresql://ada:secret#1@127.0.0.1/shop", "cannot be read"),
        ("postgresql://ada:secret%zz@127.0.0.1/shop", "cannot be read"),
        ("postgresql://ada:secret@127.0.0.1:port/shop", "cannot be read"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_right_form(uri: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        parse(uri)
    assert "secret" not in str(caught.value)
    assert "postgresql://user:password@host" in str(caught.value)


def test_a_drivers_message_tells_who_must_act() -> None:
    server = PostgresServer("postgresql://ada:secret@127.0.0.1/shop")
    for_a_person = server.refusal('FATAL:  password authentication failed for user "ada"\n(secret)', "refused")
    assert isinstance(for_a_person, ConfigurationError)
    assert "secret" not in str(for_a_person)
    assert isinstance(server.refusal("Connection refused", "refused"), SourceUnavailable)
