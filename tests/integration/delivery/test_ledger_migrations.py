"""A ledger that an older Waybill wrote is brought up to date by whoever opens it first, reader or deliverer."""

import pytest
from office import TOKEN, Office
from outbox import events, hand_over

from waybill.delivery import migrations
from waybill.delivery.ledger import Ledger
from waybill.errors import ConfigurationError


@pytest.fixture
def old(office: Office) -> Office:
    """Version 1, in which two events wait and one batch was left as it was being sent."""
    hand_over(office.home, events(2))
    office.set_token("an-expired-token")
    with pytest.raises(ConfigurationError):
        office.deliver()
    for column in ("lease_owner", "lease_token", "lease_until"):
        office.rows(f"alter table batches drop column {column}")
    office.rows("drop table actions")
    office.rows("drop table rests")
    office.rows("update schema_version set version = 1")
    office.rows("update batches set state = 'sending', claimed_at = '2026-11-20T12:00:00.000000Z'")
    office.rows("update attempts set outcome = null, ended_at = null")
    office.set_token(TOKEN)
    return office


def test_a_deliverer_brings_it_up_to_date_and_recovers_what_it_finds(old: Office) -> None:
    report = old.deliver()

    assert old.rows("select version from schema_version") == [(migrations.VERSION,)]
    assert report.accepted == 2
    assert old.rows("select outcome from attempts order by attempt_id") == [("unknown",), ("accepted",)]
    assert old.rows("select lease_token from batches") == [(2,)]  # taken away, then claimed


def test_a_reader_finds_what_it_knows(old: Office) -> None:
    with Ledger.open_readonly(old.home) as ledger:
        assert ledger.tables_as_arrow()["batches"]["lease_token"].to_pylist() == [0]
    assert old.rows("select version from schema_version") == [(migrations.VERSION,)]


def test_it_is_brought_up_to_date_once(old: Office) -> None:
    for _ in range(2):
        Ledger(old.home).close()
    assert old.rows("select version from schema_version") == [(migrations.VERSION,)]
