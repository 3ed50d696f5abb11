"""A home with a past, in which somebody is forgotten or what is old is purged, and what must hold in it after a kill.

Two customers ordered in the course of three weeks: C-1, who is forgotten, has the odd orders up to 9, C-2 all others.
"""

import os
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
from chain import START_AT, Chain
from children import Nursery
from erasure import GONE, LANDED, check_gone
from kills import copied
from office import Office
from outbox import NOW, Event, events, hand_over, judge, write_withdrawals

from waybill import builds, delta, jobs
from waybill.accounting.audit import audit
from waybill.delivery import fold, keyfiles
from waybill.delivery.actions import Author
from waybill.delivery.ledger import Ledger
from waybill.delivery.pauses import pause, resume
from waybill.delta import DeltaFile
from waybill.emulator import Emulator
from waybill.home import HomeFacts
from waybill.settings import load_settings
from waybill.sources import extract
from waybill.sources.landing import newest_end
from waybill.tombstones import journal_path
from waybill.warehouse import inputs
from waybill.warehouse.candidates import COLUMNS

FORGET = ("ledger", "forget", "C-1", "--because", "ticket 4711", "--by", "Ada", "--json")
PURGE = ("purge", "--json")
WHO = Author(who="Ada", because="so that it waits")
LONG_AFTER = NOW + timedelta(days=80)
ORDERS = {1: -20, 2: -20, 3: -10, 4: -10}
"""The days, counted from NOW, on which the first orders were last changed; all later ones an hour before NOW."""


@dataclass
class Life:
    """A home, the events that were candidates in it, and the moment that its clock shows."""

    chain: Chain

    @property
    def office(self) -> Office:
        return self.chain.office

    def at(self, moment: datetime) -> None:
        """Sets the clock of the home, for this process and for those that it starts."""
        home = self.office.home
        home.create()
        uri = f"duckdb:///{home.root.parent / 'shop.duckdb'}"
        facts = HomeFacts(is_sample=True, as_of=moment, start_at=datetime.fromisoformat(START_AT), warehouse_uri=uri)
        home.facts_file.write_text(facts.to_toml())
        self.office.set_clock(moment)

    def copy(self, home: Path) -> "Life":
        """The same home elsewhere; what the last build has seen names the files there."""
        copy = Life(copied(self.chain, home))
        seen = inputs.seen_files_path(copy.office.home)
        moved = pl.col("file").str.replace(str(self.office.home.root), str(home), literal=True)
        pl.read_parquet(seen).with_columns(moved).write_parquet(seen)
        return copy

    def extract(self) -> dict[str, int]:
        settings = self.office.settings
        found = load_settings({"WAYBILL_HOME": str(settings.home_root), "WAYBILL_META_START_AT": START_AT})
        return extract(settings.model_copy(update={"warehouse_uri": found.warehouse_uri})).counts()

    def build(self) -> int:
        """A build, as far as landing is concerned: how many files it had not seen."""
        this = inputs.begin(self.office.settings, full_refresh=False)
        inputs.succeed(self.office.home, this)
        return this.unseen.height

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """The newest version of every row, as the models take it, without personal columns."""
        declared = self.office.settings.sources["shop"].tables[table]
        shown = ", ".join(name for name in declared.columns if name not in declared.personal)
        with duckdb.connect() as db:
            db.execute("set TimeZone = 'UTC'")
            return db.execute(
                f"select {shown} from read_parquet('{self.office.home.landing}/shop/{table}/*.parquet') "
                f"qualify row_number() over (partition by {', '.join(declared.key)} "
                "order by updated_at desc, _extracted_at) = 1 order by all"
            ).fetchall()

    def customers(self) -> list[tuple[Any, ...]]:
        """Every landed version of every customer, with contact data."""
        with duckdb.connect() as db:
            return db.execute(f"from read_parquet('{self.office.home.landing}/shop/customers/*.parquet')").fetchall()

    def what_readers_see(self) -> dict[str, Any]:
        """Every landed row, every watermark, every key as often as it counts, and the whole ledger."""
        home, tables = self.office.home, self.office.settings.sources["shop"].tables
        with duckdb.connect() as db:
            keys = db.execute(f"select * from {keyfiles.standing(home)} order by all").fetchall()
        return {
            "keys": keys,
            "ledger": self.office.dump(),
            **{f"rows of {table}": self.rows(table) for table in tables},
            **{f"watermark of {table}": newest_end(home.landing / "shop" / table) for table in tables},
        }

    def files(self) -> list[str]:
        """Every file and folder by its name, but for what is not old enough to go since a process was killed there."""
        found = (path.relative_to(self.office.home.root) for path in self.office.home.root.rglob("*"))
        names = [str(path) for path in found if path.suffix not in (".tmp", ".lock")]
        return sorted(name for name in names if not name.startswith("build/diff-"))


def lived(home: Path, platform: Emulator, ledger_uri: str = "") -> Life:
    """Three extractions; events of which four were accepted, one rejected, one is unknown, and two wait."""
    chain = Chain.make(home, platform.base_url, batch_size=1, threads=1, on_unknown="hold")
    life = Life(chain)
    if ledger_uri:
        life.office.move_ledger(ledger_uri)
    _shop(home.parent / "shop.duckdb", life)
    for days in (-20, -10, 0):
        life.at(NOW + timedelta(days=days))
        life.extract()
    chain.add([event for event in events(6, spoilt=[3]) if event.number != 5])
    life.office.deliver()
    chain.add(events(1, first=5))
    judge(_newest(life), closed=True)
    _open(life)
    platform.plan("drop", times=1)
    life.office.deliver()
    assert life.office.states() == {"accepted": 4, "rejected": 1, "unknown": 1}
    pause(life.office.settings, "meta", WHO)
    chain.add(events(2, first=7))
    life.office.deliver()
    _marts(life, [*chain.events, *events(4, first=9)])
    _pages(life)
    return life


def forgettable(home: Path, platform: Emulator, ledger_uri: str = "") -> Life:
    """C-1 has an event in every state and one that is frozen and not enrolled; later they come to the shop again."""
    life = lived(home, platform, ledger_uri)
    ((first,),) = life.office.rows("select file_id from files where after_file_id = ''")
    life.chain.add(events(4, first=9), withdrawals=[(first, 0, "consent")])
    newest = _newest(life)
    judge(newest, quarantined=[0], closed=True)
    _open(life)
    withdrawn = pl.read_parquet(newest.withdrawals_path).with_columns(source_key=pl.lit("shop/orders/1"))
    write_withdrawals(withdrawn.with_columns(event_id=pl.lit("purchase_1")).to_arrow(), newest)
    unfinished = builds.name(NOW, builds.number(newest.build_id))  # by a build before it, which was killed
    (life.office.home.delta / "meta" / f"{unfinished}.parquet").write_bytes(newest.path.read_bytes())
    life.build()
    with duckdb.connect(home.parent / "shop.duckdb") as shop:
        row = "insert into customers (customer_id, email, updated_at) values ('C-1', 'canary@example.com', ?)"
        shop.execute(row, [NOW + timedelta(minutes=20)])
    return life


def outdated(home: Path, platform: Emulator) -> Life:
    """Eighty days later: settled files, folded and not; one is unknown, one was closed, one was never finished."""
    life = lived(home, platform)
    resume(life.office.settings, "meta", WHO)
    life.office.deliver()
    fold.fold(life.office.home, "meta")
    for path in keyfiles.key_files(life.office.home, "meta"):
        os.utime(path, (time.time() - 2 * fold.REST_SECONDS,) * 2)
    life.chain.add(events(2, first=11))
    life.office.deliver()
    life.chain.add(events(2, first=9))
    closed = _newest(life)
    judge(closed, closed=True)
    (life.office.home.delta / "meta" / f"{closed.build_id[:-1]}9.parquet").write_bytes(closed.path.read_bytes())
    life.at(LONG_AFTER)
    life.extract()
    life.chain.builds = 80 * 24 * 60
    life.chain.build()
    life.office.deliver()
    life.build()
    return life


def _newest(life: Life) -> DeltaFile:
    newest = delta.newest(life.office.home, "meta")
    assert newest is not None
    return newest


def _open(life: Life) -> None:
    """A person opens the newest file."""
    jobs.decide(life.office.settings, _newest(life).file_id, opened=True, because="as it should be", by="Ada")


def _shop(path: Path, life: Life) -> None:
    """The shop's own database. What happens after NOW is in it too; each extraction reads up to its clock."""
    later = {"customer_id": "C-2", "email": "other@example.com", "updated_at": NOW + timedelta(minutes=30)}
    more = [("orders", {"order_id": str(number), "customer_id": "C-2", "channel": "web"}) for number in (11, 12)]
    rows = [*((table, row) for table, found in LANDED.items() for row in found), *more, ("customers", later)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(path) as db:
        for name, table in life.office.settings.sources["shop"].tables.items():
            columns = ", ".join(f"{column} {kind}" for column, kind in table.columns.items())
            db.execute(f"create table {name} ({columns})")
        for table, row in rows:
            days = ORDERS.get(int(row.get("order_id", 0)), 0) if table == "orders" else -20
            full = {"updated_at": NOW + timedelta(days=days, hours=-1), **row}
            names, marks = ", ".join(full), ", ".join("?" for _ in full)
            db.execute(f"insert into {table} ({names}) values ({marks})", list(full.values()))


def _marts(life: Life, candidates: list[Event]) -> None:
    """A warehouse file with tables of each kind in which rows of a person are found."""
    with duckdb.connect(life.office.home.warehouse_file) as marts:
        marts.execute(
            "create schema destinations; create schema intermediate; create schema staging;"
            f"create table destinations.meta_events ({COLUMNS}, payload varchar);"
            "create table intermediate.int_orders (entity varchar, entity_key varchar, email varchar);"
            "create table intermediate.int_customers_latest (customer_id varchar, email varchar);"
            "create view staging.stg_customers as select customer_id from intermediate.int_customers_latest;"
        )
        marts.register("candidates", pa.Table.from_pylist(Chain(life.office, candidates).candidates()))
        marts.execute("insert into destinations.meta_events by name from candidates")
        for event in candidates:
            marts.execute(
                "update destinations.meta_events set payload = ? where source_key = ?",
                [event.payload, event.source_key],
            )
            person = LANDED["customers"][0 if event.number % 2 and event.number < 11 else 1]
            values = ["orders", str(event.number), person["email"]]
            marts.execute("insert into intermediate.int_orders values (?, ?, ?)", values)
        for person in LANDED["customers"]:
            values = [person["customer_id"], person["email"]]
            marts.execute("insert into intermediate.int_customers_latest values (?, ?)", values)


def _pages(life: Life) -> None:
    """Pages of the gate, dbt's logs, and what was left by processes that were killed; all of them long ago."""
    home, long_ago = life.office.home, time.time() - 100 * 24 * 3600
    frozen = sorted(path.stem for path in (home.delta / "meta").glob("*-*.json") if ".decision" not in path.name)
    for path in [
        *(home.data_docs / "meta" / build / "index.html" for build in frozen),
        home.build / "logs" / "dbt.log",
        home.build / "scratch" / "spill.bin",
        home.build / "diff-abc" / "landing" / "x.parquet.tmp",
        home.landing / "shop" / "orders" / "x.parquet.0123456789ab.tmp",
    ]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<td>'purchase_1'</td><td>'purchase_2'</td> canary@example.com")
        if path.suffix == ".html":
            path.write_text("<td>'purchase_1'</td><td>'purchase_2'</td>")
    for path in [*home.data_docs.rglob("*"), *home.build.rglob("*"), *home.landing.rglob("*.tmp")]:
        os.utime(path, (long_ago, long_ago))


def refused_while_unfinished(life: Life, nursery: Nursery) -> list[str]:
    """What was wrong right after an erasure was killed: nothing may work beside it once it has its journal."""
    if not journal_path(life.office.home).exists():
        return []
    code = nursery.deliver(life.chain)
    return [] if code == 1 else [f"a delivery beside an unfinished erasure ended with {code}"]


ERASED_STATES = {"accepted": 4, "rejected": 1, "unknown": 1, "withdrawn": 1, "pending": 1}


def after_forgetting(life: Life, platform: Emulator) -> None:
    """Nothing of C-1 is anywhere, nothing of them comes back, every sum holds, and what is C-2's flows."""
    office = life.office
    check_gone(office)
    assert _in_marts(life) == []
    assert list(office.home.root.rglob("*.tmp*")) == []
    assert office.states() == ERASED_STATES
    assert office.rows("select who, events from actions where verb = 'forget'") == [("Ada", 4)]
    assert audit(office.settings) == []
    life.at(NOW + timedelta(hours=1))
    assert life.extract()["left_out"] == 1
    assert "other@example.com" in repr(life.customers()) and "canary" not in repr(life.customers())
    judge(_newest(life))
    resume(office.settings, "meta", WHO)
    platform.reset()
    office.deliver()
    sent = sorted(str(event.event_id) for event in platform.book.events())
    assert sent == ["purchase_10", "purchase_11", "purchase_12", "purchase_8"]
    check_gone(office)


def _in_marts(life: Life) -> list[str]:
    with closing(duckdb.connect(life.office.home.warehouse_file, read_only=True)) as marts:
        tables = marts.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        told = repr([marts.execute(f"select * from {table}").fetchall() for (table,) in tables])
    return [word for word in GONE if word in told]


def seen_by_readers(life: Life, before: dict[str, Any]) -> list[str]:
    """What is not as it was, for whoever reads landing, keys or ledger, or asks for the balance and the audit."""
    now = life.what_readers_see()
    return [f"other {name}" for name in before if now[name] != before[name]] + audit(life.office.settings)


def after_purging(life: Life, left: list[str], platform: Emulator) -> None:
    """What an unharmed purge removes is gone (``left`` are the files that it leaves), and a fresh event flows."""
    assert life.files() == left
    assert "canary" not in repr(life.customers())
    life.build()
    assert life.build() == 0
    platform.reset()
    with Ledger.open_readonly(life.office.home) as ledger:
        after = ledger.last_enrolled("meta")
    fresh = Event(9001, minutes_ago=30 - 80 * 24 * 60)
    hand_over(life.office.home, [fresh], build=f"{LONG_AFTER + timedelta(days=1):%Y%m%dT%H%M%S%fZ}-999999", after=after)
    life.office.deliver()
    assert [event.event_id for event in platform.book.events()] == ["purchase_9001"]
