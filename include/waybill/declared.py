"""What ``waybill.toml`` may declare: tables and whose their rows are, destinations, and how long things are kept."""

import re
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from waybill.events import LONGEST_WINDOW_DAYS
from waybill.thresholds import Thresholds

_TYPES = re.compile(r"varchar|boolean|integer|bigint|double|date|timestamptz|decimal\(\d{1,2},\d{1,2}\)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")

Name = Annotated[str, Field(pattern=rf"^{_NAME.pattern}$")]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts that a sample home may send to."""


class Model(BaseModel):
    """Settings refuse what they do not know, and do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonLink(Model):
    """A row belongs to whom the row of ``table`` belongs to whose ``key`` is the same as this row's ``column``.

    ``key`` is the other table's key where it is not said; ``when`` names columns and the values they must have.
    """

    column: Name
    table: Name
    key: Name | None = None
    when: dict[Name, str] = {}


class TableSettings(Model):
    """A table to extract: its key, its cursor, and the declared type of every column.

    ``candidates`` says that every key of the table must have a verdict: the balance counts them against the marts.
    ``person`` says whose its rows are: each is a person ("self"), or belongs to one through other tables, or "none".
    ``personal`` columns are emptied in rows that ``waybill purge`` finds older than they may be.
    """

    key: list[Name] = Field(min_length=1)
    cursor: Name
    columns: dict[Name, str]
    candidates: bool = False
    person: Literal["self", "none"] | list[PersonLink] | None = None
    personal: list[Name] = []

    @property
    def links(self) -> list[PersonLink]:
        """The ways that lead from a row to its person through other tables."""
        return self.person if isinstance(self.person, list) else []

    @field_validator("columns")
    @classmethod
    def _known_types(cls, columns: dict[str, str]) -> dict[str, str]:
        for column, kind in columns.items():
            if not _TYPES.fullmatch(kind):
                raise ValueError(f"column {column} has the unknown type {kind!r}")
        return columns

    @model_validator(mode="after")
    def _declared(self) -> "TableSettings":
        missing = [name for name in [*self.key, self.cursor] if name not in self.columns]
        if missing:
            raise ValueError(f"key and cursor must be declared columns, but {', '.join(missing)} is not")
        wrong = [name for name in self.personal if name not in self.columns or name in (*self.key, self.cursor)]
        if wrong:
            raise ValueError(f"personal columns must be declared and neither key nor cursor, but {', '.join(wrong)} is")
        if self.columns[self.cursor] != "timestamptz":
            raise ValueError(f"the cursor {self.cursor} must be a timestamptz")
        missing = [name for link in self.links for name in [link.column, *link.when] if name not in self.columns]
        if missing:
            raise ValueError(f"person names columns that are not declared: {', '.join(missing)}")
        if self.person == [] or (self.person == "self" and len(self.key) > 1):
            raise ValueError('person must be "none", or "self" with a key of one column, or links to other tables')
        return self


class SourceSettings(Model):
    """A set of tables in the warehouse that are extracted together."""

    db_schema: str = Field(default="", alias="schema", pattern=rf"^({_NAME.pattern})?$")
    overlap_minutes: int = Field(default=15, ge=0)
    date_order: Literal["mdy", "dmy"] | None = None
    default_country: str | None = Field(default=None, pattern=r"^[a-z]{2}$")
    tables: dict[Name, TableSettings] = Field(min_length=1)

    @model_validator(mode="after")
    def _lead_to_people(self) -> "SourceSettings":
        for name, table in self.tables.items():
            for link in table.links:
                other = self.tables.get(link.table)
                if other is None or other.person in (None, "none"):
                    raise ValueError(f"person of {name} leads to {link.table}, which belongs to nobody")
                if link.key is None and len(other.key) > 1:
                    raise ValueError(f"person of {name} must say which key of {link.table} it means")
                if link.key is not None and link.key not in other.columns:
                    raise ValueError(f"person of {name} means {link.table}.{link.key}, which is not declared")
        try:
            self.people_first()
        except CycleError:
            raise ValueError("person leads in a circle and never to a table whose rows are people") from None
        return self

    def people_first(self) -> list[str]:
        """The tables in an order in which each comes after those that its links lead to."""
        return list(
            TopologicalSorter({n: [link.table for link in t.links] for n, t in self.tables.items()}).static_order()
        )

    def referred_key(self, link: PersonLink) -> str:
        """The column of the other table that a link means."""
        return link.key or self.tables[link.table].key[0]

    def names_of(self, table: str) -> list[str]:
        """The columns by whose values other tables' rows, or a person's command, mean the rows of a table."""
        own = self.tables[table]
        meant = {self.referred_key(link) for t in self.tables.values() for link in t.links if link.table == table}
        return sorted(meant | set(own.key if own.person == "self" else []))


class Dataset(Model):
    """Where a platform receives events, and the secret that lets us."""

    dataset_id: str = Field(pattern=r"^[0-9]{1,32}$")
    access_token: SecretStr = Field(min_length=1)


class DestinationSettings(Model):
    """How one platform is delivered to."""

    start_at: AwareDatetime | None = None
    mode: Literal["on", "shadow"] = "on"
    daily_cap: int | None = Field(default=None, ge=1)
    setup: Literal["redundant", "split", "server_only"] = "redundant"
    consent_max_age_days: int | None = Field(default=None, ge=1, le=36_500)
    warn_before_expiry_hours: float = Field(default=6, ge=0, le=168)
    on_unknown: Literal["resend", "hold"] = "resend"
    batch_size: int = Field(default=1000, ge=1, le=1000)
    threads: int = Field(default=4, ge=1, le=64)
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)
    api_version: str = Field(default="v26.0", pattern=r"^v[0-9]{1,3}\.[0-9]$")
    base_url: str = "https://graph.facebook.com"
    test_event_code: str | None = None
    partner_agent: str = Field(default="waybill", pattern=r"^[A-Za-z]{2}[A-Za-z0-9_.-]{0,20}$")
    datasets: dict[Name, Dataset] = {}
    gate: Thresholds = Thresholds()

    @field_validator("base_url")
    @classmethod
    def _sane_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError("base_url must be http(s)://host[:port] without user, password or query")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError(
                "base_url must be https, because the access token travels with it (http is for loopback only)"
            )
        return url.rstrip("/")


class RetentionSettings(Model):
    """How many days things are kept: landing windows, delta files and logs, and the pages about what was judged."""

    days: int = Field(default=75, le=3650)
    data_docs_days: int = Field(default=30, ge=1, le=3650)

    @field_validator("days")
    @classmethod
    def _long_enough(cls, days: int) -> int:
        if days < LONGEST_WINDOW_DAYS + 7:
            raise ValueError(
                f"must be at least {LONGEST_WINDOW_DAYS + 7}: an event may be sent for up to {LONGEST_WINDOW_DAYS} "
                "days after it happened, and whoever mends something needs a week"
            )
        return days
