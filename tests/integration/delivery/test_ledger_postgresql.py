"""What only a server can show: how it refuses, whom it keeps apart, and what it promises of a commit."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from office import SERVER_ONLY, Office
from outbox import events, hand_over
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from ledgers import LedgerServer, ledger_server
from waybill.delivery import schema
from waybill.delivery.ledger import Ledger
from waybill.errors import ConfigurationError, LedgerConflict, SourceUnavailable
from waybill.home import Home
from waybill.settings import load_settings

PASSWORD = "hunter2-of-the-ledger"


def home_at(home: Home, uri: str) -> Home:
    return load_settings({"WAYBILL_HOME": str(home.root), "WAYBILL_LEDGER_URI": uri}).home


@pytest.fixture
def own_server() -> Iterator[LedgerServer]:
    """A server that a test may stop."""
    with ledger_server() as server:
        yield server


@SERVER_ONLY
def test_a_server_that_is_away_is_named_without_its_password(office: Office) -> None:
    away = home_at(office.home, f"postgresql://waybill:{PASSWORD}@127.0.0.1:9/books?schema=ours")
    for opened in (Ledger, Ledger.open_readonly):
        with pytest.raises(SourceUnavailable, match=r"127.0.0.1:9/books \(schema ours\) is away") as refused:
            opened(away)
        assert refused.value.exit_code == 3
        assert PASSWORD not in repr(refused.value) + repr(away)


@SERVER_ONLY
def test_a_database_that_is_not_there_is_a_matter_of_the_settings(office: Office, ledger_uri: str) -> None:
    with pytest.raises(ConfigurationError, match="WAYBILL_LEDGER_URI"):
        Ledger(home_at(office.home, ledger_uri.replace("/postgres?", "/nowhere?")))


@SERVER_ONLY
def test_who_may_not_create_tables_is_told_so(office: Office, ledger_uri: str) -> None:
    address = re.sub(r"[?&]schema=\w+", "", ledger_uri)
    with psycopg.connect(address, autocommit=True) as server:
        server.execute("drop role if exists reader")
        server.execute("create role reader login")
    with pytest.raises(ConfigurationError, match="InsufficientPrivilege"):
        Ledger(home_at(office.home, ledger_uri.replace("//postgres:", "//reader:").replace("//postgres@", "//reader@")))


@SERVER_ONLY
def test_a_stopped_writer_holds_nobody_up_for_ever_and_readers_not_at_all(office: Office, ledger_uri: str) -> None:
    hand_over(office.home, events(1))
    office.deliver()
    with Ledger(office.home) as first, first.transaction():
        with pytest.raises(SourceUnavailable, match="locked by another process"):
            Ledger(office.home, busy_seconds=0.2)
        assert Ledger.open_readonly(office.home).last_enrolled("meta") != ""
        other = home_at(office.home, re.sub(r"schema=\w+", "schema=another_ledger", ledger_uri))
        Ledger(other, busy_seconds=0.2).close()  # a ledger of its own, in the same database
        assert Ledger.open_readonly(other).last_enrolled("meta") == ""


@SERVER_ONLY
def test_what_contradicts_the_ledger_is_refused_without_its_values(office: Office) -> None:
    wrong = insert(schema.batches).values(
        file_id="meta/person7@example.com",
        destination="meta",
        dataset="main",
        row_ranges=((0, 1),),
        events=1,
        state="pending",
        expires_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    violation = pytest.raises(LedgerConflict, match="ForeignKeyViolation")
    with Ledger(office.home) as ledger, violation as refused, ledger.transaction() as connection:
        connection.execute(wrong)
    assert "person7" not in str(refused.value)


@SERVER_ONLY
def test_a_commit_is_durable_and_a_reader_sees_one_moment_and_writes_nothing(office: Office) -> None:
    with Ledger(office.home) as ledger:
        with ledger.transaction() as connection:
            assert connection.execute(text("show synchronous_commit")).scalar() == "on"
        with Ledger.open_readonly(office.home) as reader, reader.transaction() as reading:
            count = "select count(*) from withdrawals"
            assert reading.execute(text(count)).scalar() == 0
            with ledger.transaction() as connection:
                connection.execute(
                    insert(schema.withdrawals).values(
                        destination="meta", build_id="1", applied_at=datetime(2026, 11, 20, tzinfo=UTC), events=0
                    )
                )
            assert reading.execute(text(count)).scalar() == 0
            with pytest.raises(DBAPIError, match="read-only"):
                reading.execute(text("delete from withdrawals"))


@SERVER_ONLY
def test_a_restart_between_two_transactions_ends_the_run_and_the_next_one_goes_on(
    office: Office, own_server: LedgerServer
) -> None:
    home = home_at(office.home, own_server.schema())
    with Ledger(home) as ledger:
        own_server.stop()
        with pytest.raises(SourceUnavailable, match="away or was restarted"), ledger.transaction() as connection:
            connection.execute(text("select 1"))
        own_server.start()
        with ledger.transaction() as connection:
            assert connection.execute(text("select version from schema_version")).scalar()
