"""One home, and what a test does with it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from outbox import NOW
from pydantic import SecretStr

from ledgers import ask, tables
from waybill.declared import Dataset
from waybill.delivery.retry import RetryPolicy
from waybill.delivery.run import DeliveryReport, deliver
from waybill.home import Home
from waybill.settings import Settings

DATASET = "1234567890"
TOKEN = "made-up-token-4711"
FILE_ONLY = pytest.mark.parametrize("ledger_uri", ["sqlite"], indirect=True)
SERVER_ONLY = pytest.mark.parametrize("ledger_uri", ["postgresql"], indirect=True)
QUICK = RetryPolicy(tries=4, first_seconds=0.01, longest_seconds=0.05)


class Watch:
    """A clock that a test moves; with one that stands still nothing would ever rest."""

    at: datetime = NOW


@dataclass
class Office:
    """One home and what a test does with it; ``settings`` may be changed between deliveries."""

    settings: Settings

    @property
    def home(self) -> Home:
        return self.settings.home

    def change(self, **changes: Any) -> None:
        """Changes settings of the destination."""
        target = self.settings.destinations["meta"].model_copy(update=changes)
        self.settings = self.settings.model_copy(update={"destinations": {"meta": target}})

    def set_token(self, token: str) -> None:
        self.change(datasets={"main": Dataset(dataset_id=DATASET, access_token=token)})

    def move_ledger(self, uri: str) -> None:
        self.settings = self.settings.model_copy(update={"ledger_uri": SecretStr(uri)})

    def set_clock(self, at: datetime) -> None:
        self.settings = self.settings.model_copy(update={"as_of": at})

    def deliver(self, **options: Any) -> DeliveryReport:
        return deliver(self.settings, "meta", policy=QUICK, **options)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Asks (or changes) the ledger's database itself, not Waybill."""
        return ask(self.home.ledger_file, self._uri, query, *values)

    def tables(self) -> list[str]:
        """The tables of the ledger; none where there is no ledger yet."""
        return tables(self.home.ledger_file, self._uri)

    def states(self) -> dict[str, int]:
        """Events by state: the newest exception's, else the leaf batch's."""
        counted: dict[str, int] = {}
        newest = dict(
            ((file_id, row), state)
            for file_id, row, state in self.rows(
                "select file_id, row_number, state from exceptions order by exception_id"
            )
        )
        newest = {key: state for key, state in newest.items() if state != "pending"}  # given back to its batch
        leaves = self.rows("select file_id, row_ranges, state from batches where state <> 'split'")
        for file_id, ranges, state in leaves:
            for start, end in json.loads(ranges):
                for row in range(start, end):
                    held = newest.get((file_id, row), state)
                    counted[held] = counted.get(held, 0) + 1
        return counted

    def dump(self) -> list[tuple[Any, ...]]:
        """Everything in the ledger."""
        return [(table, *row) for table in self.tables() for row in self.rows(f"select * from {table} order by 1")]

    @property
    def _uri(self) -> str | None:
        return self.home.ledger_uri.get_secret_value() if self.home.ledger_uri else None
