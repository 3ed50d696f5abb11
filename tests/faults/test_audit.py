"""The audit names what was changed behind Waybill's back, each kind of damage, and nothing that Waybill does itself."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from chain import Chain
from kills import copied
from office import TOKEN
from outbox import NOW, Event, events

from waybill.accounting.audit import audit
from waybill.delivery.fold import fold
from waybill.emulator import Emulator
from waybill.errors import ConfigurationError, LedgerConflict
from waybill.sources.windows import Window

Change = Callable[[Chain], None]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, running_platform: Emulator) -> Chain:
    """Accepted (some after a lost answer), rejected, expired, withdrawn and waiting events; folded keys; landing."""
    running_platform.reset()
    chain = Chain.make(tmp_path_factory.mktemp("audit") / "home", running_platform.base_url, batch_size=3, threads=1)
    chain.add([*events(7, spoilt=[2]), Event(8, minutes_ago=90, window=NOW - NOW.replace(hour=11))])
    running_platform.plan("accept_then_drop")
    chain.office.deliver()
    chain.add(events(4, first=11))
    chain.office.set_token("an-expired-token")
    with suppress(ConfigurationError):
        chain.office.deliver()
    ((waiting,),) = chain.office.rows("select file_id from files where settled_at is null")
    chain.add([], withdrawals=[(waiting, 0, "consent")])
    with suppress(ConfigurationError):
        chain.office.deliver()
    chain.office.set_token(TOKEN)
    fold(chain.office.home, "meta")
    land(chain)
    assert chain.office.states() == {"accepted": 6, "rejected": 1, "expired": 1, "withdrawn": 1, "pending": 3}
    assert audit(chain.office.settings) == []
    return chain


@pytest.fixture
def chain(story: Chain, tmp_path: Path) -> Chain:
    return copied(story, tmp_path / "home")


def land(chain: Chain) -> None:
    """What the last build has read: every order, in two windows."""
    home, rows = chain.office.home, []
    folder = home.landing / "shop" / "orders"
    folder.mkdir(parents=True)
    middle = NOW.replace(hour=6)
    for window, own in ((Window(None, middle), chain.events[:5]), (Window(middle, NOW), chain.events[5:])):
        path = folder / window.file_name
        pl.DataFrame({"order_id": [str(event.number) for event in own]}).write_parquet(path)
        stat = path.stat()
        rows.append(("shop", "orders", str(path), stat.st_size, stat.st_mtime_ns))
    path = home.build / "seen_files.parquet"
    pl.DataFrame(rows, schema=pl.read_parquet(path).schema, orient="row").write_parquet(path)


def ledger(*statements: str) -> Change:
    def change(chain: Chain) -> None:
        for statement in statements:
            chain.office.rows(statement)

    return change


def rewritten(pattern: str, query: str) -> Change:
    """Every such file with other rows, and without what only its writer knew to put in it."""

    def change(chain: Chain) -> None:
        found = list(chain.office.home.root.glob(pattern))
        assert found
        for path in found:
            duckdb.sql(f"copy ({query.format(path=path)}) to '{path}.new' (format parquet)")
            Path(f"{path}.new").replace(path)

    return change


def kept_digest(pattern: str, **values: str) -> Change:
    """The file with other values in columns, and with all else that it said of itself."""

    def change(chain: Chain) -> None:
        (path,) = chain.office.home.root.glob(pattern)
        table = pq.read_table(path)
        for name, value in values.items():
            table = table.set_column(table.schema.get_field_index(name), name, pa.array([value] * table.num_rows))
        pq.write_table(table, path)

    return change


def removed(pattern: str) -> Change:
    def change(chain: Chain) -> None:
        found = list(chain.office.home.root.glob(pattern))
        assert found
        for path in found:
            path.unlink()

    return change


def cut(pattern: str) -> Change:
    def change(chain: Chain) -> None:
        for path in chain.office.home.root.glob(pattern):
            path.write_bytes(path.read_bytes()[:-40])

    return change


def exception(
    state: str, reason: str, row: str = "0", source_key: str = "shop/orders/1", attempt: str = "null"
) -> Change:
    return ledger(
        "insert into exceptions (file_id, batch_id, row_number, destination, dataset, event_name, source_key, "
        "event_id, state, reason, attempt_id, created_at) "
        f"select file_id, batch_id, {row}, 'meta', 'main', 'Purchase', "
        f"'{source_key}', 'purchase_1', '{state}', '{reason}', {attempt}, '2026-11-20T12:00:00.000000Z' "
        "from batches where row_ranges like '[[0,%' order by batch_id limit 1"
    )


KEYS = "published/delivery/keys/meta"
SNAPSHOT = "published/delivery/ledger"
DAMAGES: dict[str, tuple[Change, str]] = {
    "attempts deleted": (ledger("delete from attempts"), "attempts, and 0 are there"),
    "an answer changed": (
        ledger("update attempts set outcome = 'refused' where outcome = 'accepted'"),
        "is accepted, and no attempt at it was",
    ),
    "an answer taken away": (
        ledger("update attempts set outcome = null where outcome = 'accepted'"),
        "1 of its attempts have no outcome",
    ),
    "accepted made pending": (
        ledger("update batches set state = 'pending' where state = 'accepted'"),
        "is pending, and the answer to its attempt",
    ),
    "accepted made withdrawn": (
        ledger("update batches set state = 'withdrawn' where state = 'accepted'"),
        "is withdrawn, and the answer to its attempt",
    ),
    "expired made accepted": (
        ledger("update batches set state = 'accepted' where state = 'expired'"),
        "no person said so (the last answer: none)",
    ),
    "pending made expired": (
        ledger("update batches set state = 'expired' where state = 'pending'"),
        "its events expire at",
    ),
    "pending made rejected": (
        ledger("update batches set state = 'rejected' where state = 'pending'"),
        "have no exception that says why",
    ),
    "pending made sending": (
        ledger("update batches set state = 'sending' where state = 'pending'"),
        "is sending, and 0 of its attempts have no outcome",
    ),
    "sent again after an answer": (
        ledger(
            "insert into attempts (batch_id, started_at, outcome) select batch_id, started_at, 'retry' from attempts "
            "where outcome = 'accepted'",
            "update batches set attempts = attempts + 1 where state = 'accepted' and attempts > 0",
        ),
        "was sent again after its attempt",
    ),
    "rows of a batch changed": (ledger("update batches set events = events + 1 where state = 'pending'"), "events but"),
    "a file settled while a batch waits": (
        ledger("update files set settled_at = enrolled_at where settled_at is null"),
        "of its events wait or are unknown",
    ),
    "an exception for no row": (exception("withdrawn", "consent", row="99999"), "is about row 99999"),
    "an exception of another event": (exception("expired", "window", source_key="x"), "otherwise than the keys"),
    "a withdrawal that no build wrote": (exception("withdrawn", "consent"), "events were withdrawn by builds"),
    "a withdrawal that is gone": (ledger("delete from exceptions where state = 'withdrawn'"), "withdrawn by builds"),
    "an end that nobody gave": (exception("accepted", "x"), "neither an attempt nor a person did"),
    "a person's word that nobody noted": (
        exception("accepted", "resolved as sent by somebody: x"),
        "people did resolve as sent to 0 events",
    ),
    "a rejection after another answer": (
        ledger("update exceptions set attempt_id = 1 where state = 'rejected'"),
        "said nothing of the kind",
    ),
    "an action that did nothing": (
        ledger(
            "insert into actions (at, who, verb, destination, because, events) "
            "values ('2026-11-20T12:00:00.000000Z', 'somebody', 'requeue', 'meta', 'x', 3)"
        ),
        "people did requeue to 3 events",
    ),
    "the newest withdrawals gone": (
        removed("delta/meta/*-000003.withdrawals.parquet"),
        "are missing or cannot be read",
    ),
    "the newest withdrawals of another event": (
        kept_digest("delta/meta/*-000003.withdrawals.parquet", file_id="meta/another"),
        "are not the rows that were written there",
    ),
    "a key file with other values": (
        rewritten(f"{KEYS}/2026*-000002.parquet", "select * replace (1::decimal(18, 4) as value) from '{path}'"),
        "does not hold the rows of its delta file",
    ),
    "a folded key file without its digest": (rewritten(f"{KEYS}/folded-*.parquet", "from '{path}'"), "lost its digest"),
    "a verdict changed": (
        rewritten("published/candidates/meta/all.parquet", "select * replace ('withheld' as verdict) from '{path}'"),
        "are not those of the marts",
    ),
    "a value changed": (
        rewritten(
            "published/candidates/meta/all.parquet", "select * replace (1::decimal(18, 4) as value) from '{path}'"
        ),
        "are not those of the marts",
    ),
    "the published batches changed": (
        rewritten(f"{SNAPSHOT}/batches.parquet", "select * replace ('rejected' as state) from '{path}'"),
        "are not in the ledger as published",
    ),
    "a ledger that is older than what was sent": (
        ledger("delete from attempts where attempt_id = (select max(attempt_id) from attempts)"),
        "the ledger is older than what was sent",
    ),
    "the published ledger deleted": (removed(f"{SNAPSHOT}/*.parquet"), "is gone, or was never published"),
    "a published table cut": (cut(f"{SNAPSHOT}/files.parquet"), "files.parquet cannot be read"),
    "a landing file deleted": (removed("landing/shop/orders/2*.parquet"), "has read, is gone"),
    "the first landing file deleted": (removed("landing/shop/orders/beginning*.parquet"), "has read, is gone"),
    "a landing file cut": (cut("landing/shop/orders/2*.parquet"), "is damaged. Delete it"),
    "rows of a landing file gone": (
        rewritten("landing/shop/orders/2*.parquet", "from '{path}' limit 1"),
        "rows of shop.orders that have candidates are in no landing file",
    ),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_damage_is_named(chain: Chain, what: str) -> None:
    change, says = DAMAGES[what]
    change(chain)
    found = audit(chain.office.settings)
    assert any(says in finding for finding in found), found


LEGITIMATE: dict[str, Change] = {
    "keys from before there were digests": rewritten(f"{KEYS}/2026*-000002.parquet", "from '{path}'"),
    "totals from before there were sums": rewritten(
        "published/candidates_total.parquet", "select destination, candidates from '{path}'"
    ),
    "a delivery that ended before it published": lambda chain: chain.office.deliver() and None,
    "a window that was landed again": rewritten("landing/shop/orders/2*.parquet", "from '{path}'"),
}


@pytest.mark.parametrize("what", LEGITIMATE)
def test_what_is_legitimate_is_no_finding(chain: Chain, tmp_path: Path, what: str) -> None:
    published = chain.office.home.root / SNAPSHOT
    shutil.copytree(published, tmp_path / "published")
    LEGITIMATE[what](chain)
    shutil.copytree(tmp_path / "published", published, dirs_exist_ok=True)
    assert audit(chain.office.settings) == []


def test_a_ledger_that_does_not_say_its_version(chain: Chain) -> None:
    chain.office.rows("delete from schema_version")
    with pytest.raises(LedgerConflict, match="has 0 rows instead of one"):
        audit(chain.office.settings)
