"""Ten thousand made-up rows through a real build: the platform takes what is sendable, and refuses the rest as we say.

The platform is the emulator, which shares no code with the models. Rows are shown to it at the moment they landed (when
they were sent late, at the last moment they may be sent), so that age is judged as it would be.
"""

import csv
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import requests
from dbt_home import PRODUCTION, PROJECT, ROOT, DbtHome
from platform_rows import land, make_shop

from waybill.emulator import Emulator, running

DATASET, TOKEN = "1234567890", "made-up-token"
GOLDEN = ROOT / "tests" / "golden" / "meta"
PAGE = ROOT / "docs" / "verdicts.md"
REASONS = PROJECT / "seeds" / "reasons.csv"

# How the emulator's book names what each of our reasons is about.
RULES: Final[Mapping[str, frozenset[str]]] = {
    "platform:missing_event_time": frozenset({"event_time"}),
    "platform:event_time_in_future": frozenset({"event_time_in_future", "event_time"}),
    "platform:event_time_in_milliseconds": frozenset({"event_time", "event_time_in_milliseconds"}),
    "platform:missing_value": frozenset({"value"}),
    "platform:missing_currency": frozenset({"currency"}),
    "platform:unknown_currency": frozenset({"currency"}),
    "platform:missing_event_source_url": frozenset({"event_source_url_missing"}),
    "platform:insufficient_customer_information": frozenset({"user_data_missing", "identity_too_broad"}),
}
# Ours, and refused there as well: Meta does not say that it refuses them, so the verdict does not claim it.
REFUSED_TOO: Final[Mapping[str, frozenset[str]]] = {
    "ours:negative_value": frozenset({"value"}),
    "ours:no_lines": frozenset({"value"}),
    "ours:key_is_contact_data": frozenset({"value"}),
}
# What no row can bring about, only a model that says where its events happen, or a set-up.
NOT_OF_ROWS: Final = frozenset(
    {"platform:unknown_action_source", "ours:unsupported_action_source", "ours:reported_by_pixel"}
)
# What the platform takes but advises against. No browser and no CRM told the first two, and we send all the same; an id
# that two conversions carry is the gate's to find, which these rows have not met.
KNOWN_WARNINGS: Final = frozenset({"client_user_agent_missing", "crm_lead_id_missing", "event_id_repeated"})


@dataclass(frozen=True)
class Shown:
    """One row and what the payload is, or would be if it were sent; ``at`` and ``expires_at`` are Unix seconds."""

    source_key: str
    event_kind: str
    verdict: str
    reasons: frozenset[str]
    payload: str
    at: float
    expires_at: float

    @property
    def is_refused_by_platform(self) -> bool:
        return any(reason.startswith("platform:") for reason in self.reasons)


class Platform:
    """A running emulator whose clock is set for each request."""

    def __init__(self, emulator: Emulator, clock: list[datetime]) -> None:
        self.book = emulator.book
        self._clock = clock
        self._url = f"{emulator.base_url}/v26.0/{DATASET}/events"
        self._session = requests.Session()

    def rule(self, rows: Sequence[Shown], at: float) -> str | None:
        """Sends rows in one request at a moment; the rule that refuses it, or None."""
        self._clock[0] = datetime.fromtimestamp(at, UTC)
        body = f'{{"access_token":"{TOKEN}","data":[{",".join(row.payload for row in rows)}]}}'
        answer = self._session.post(
            self._url, data=body.encode(), headers={"Content-Type": "application/json"}, timeout=60
        )
        return None if answer.status_code == 200 else self._last_rule()

    def close(self) -> None:
        self._session.close()

    def _last_rule(self) -> str:
        with closing(sqlite3.connect(self.book.path)) as connection:
            [(rule,)] = connection.execute("select rule from requests order by request_id desc limit 1").fetchall()
        return str(rule)


@pytest.fixture(scope="module", params=[20261121], ids="seed-{}".format)
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DbtHome:
    """A built home; a page that no click tells of is not invented, so that website events can lack one."""
    home = DbtHome(tmp_path_factory.mktemp("platform"), consent_max_age_days=365)
    land(home, make_shop(request.param, home.now, orders=6000, leads=2000, stages=1000, subscriptions=1500))
    home.build(*PRODUCTION, "--vars", "{shop_url: ''}")
    return home


@pytest.fixture(scope="module")
def rows(home: DbtHome) -> Sequence[Shown]:
    """Every conversion, with the payload that the verdict lets through or keeps back."""
    found = home.query(
        f"""
        select
            judged.source_key,
            judged.event_kind,
            judged.verdict,
            judged.reasons,
            judged.payload,
            epoch(least(
                events.version_landed_at,
                coalesce(events.occurred_at, events.version_landed_at) + interval '1 hour'
            )) as at,
            coalesce(epoch(judged.expires_at), 0) as expires_at
        from ({_sql_without_verdict(home)}) as judged
        inner join marts.fct_conversion_events as events using (source_key)
        """
    )
    return [Shown(**{**row, "reasons": frozenset(row["reasons"])}) for row in found]


def _sql_without_verdict(home: DbtHome) -> str:
    """The text of meta_events as dbt compiled it, but that it renders the payload whatever the verdict."""
    [path] = (home.root / "build" / "target" / "compiled").glob("**/models/destinations/meta/meta_events.sql")
    condition, anything = "when verdict = 'sendable'", "when true"
    sql = path.read_text(encoding="utf-8")
    assert condition in sql
    return sql.replace(condition, anything)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    clock = [datetime(2026, 11, 20, 12, tzinfo=UTC)]
    with running(tmp_path / "book.sqlite", {DATASET: TOKEN}, now=lambda: clock[0]) as emulator:
        platform = Platform(emulator, clock)
        yield platform
        platform.close()


def test_there_are_ten_thousand_rows_and_every_kind_is_judged_in_every_way(home: DbtHome) -> None:
    landed = home.query("select count(*) as rows from marts.fct_conversion_candidates")
    assert landed[0]["rows"] >= 10_000
    found = home.query("select distinct event_kind, verdict from destinations.meta_events")
    judged = {(row["event_kind"], row["verdict"]) for row in found}
    sent = {kind for kind, verdict in judged if verdict == "sendable"}
    assert {(kind, verdict) for kind in sent for verdict in ("not_a_conversion", "withheld", "invalid")} <= judged
    assert sent == {path.stem for path in GOLDEN.glob("*.json")} - {"website_purchase.limited_data_use"}


def test_every_reason_occurs_and_is_documented(home: DbtHome) -> None:
    [row] = home.query(
        "select list(distinct reason) as reasons from (select unnest(reasons) as reason from destinations.meta_events)"
    )
    assert set(row["reasons"]) == _reasons_in_sql() - NOT_OF_ROWS
    told = re.findall(r"^\| `([a-z_]+)` \| (platform|ours) \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(f"{whose}:{name}" for name, whose, _ in told) == sorted(_reasons_in_sql())
    with REASONS.open(encoding="utf-8", newline="") as file:
        meanings = {row["reason"]: row["meaning"] for row in csv.DictReader(file)}
    assert {f"{whose}:{name}": meaning.replace("`", "") for name, whose, meaning in told} == meanings


def test_the_platform_takes_every_sendable_payload(home: DbtHome, rows: Sequence[Shown], platform: Platform) -> None:
    sendable = [row for row in rows if row.verdict == "sendable"]
    sent = home.query("select source_key, payload from destinations.meta_events where payload is not null")
    assert {(row.source_key, row.payload) for row in sendable} == {(row["source_key"], row["payload"]) for row in sent}
    now = home.now.timestamp()
    open_ones = [row for row in sendable if row.expires_at > now]
    late_ones = [row for row in sendable if row.expires_at <= now]
    assert len(open_ones) > 1000 and len(late_ones) > 100
    refused = [rule for some in _by_thousand(open_ones) if (rule := platform.rule(some, now))]
    refused += [rule for row in late_ones if (rule := platform.rule([row], row.expires_at))]
    assert refused == []
    assert platform.book.summary()["warnings"].keys() <= KNOWN_WARNINGS


def _rules_of(row: Shown, rules: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*(rules.get(reason, frozenset()) for reason in row.reasons))


def test_the_platform_refuses_what_we_say_it_refuses(rows: Sequence[Shown], platform: Platform) -> None:
    wrong = []
    for row in rows:
        if row.is_refused_by_platform:
            rule = platform.rule([row], row.at)
            if rule not in _rules_of(row, RULES | REFUSED_TOO):
                wrong.append((row.source_key, sorted(row.reasons), rule))
    assert wrong == []


def test_what_is_ours_alone_the_platform_would_take(rows: Sequence[Shown], platform: Platform) -> None:
    """What is no conversion is not asked for more reasons, so its payload may be anything."""
    taken: Counter[str] = Counter()
    wrong = []
    for row in rows:
        if row.verdict in ("withheld", "invalid") and not row.is_refused_by_platform:
            rule = platform.rule([row], row.at)
            if rule is None:
                taken.update(row.reasons)
            elif rule not in _rules_of(row, REFUSED_TOO):
                wrong.append((row.source_key, sorted(row.reasons), rule))
    assert wrong == []
    assert len(taken) >= 5


def test_no_contact_data_in_clear(rows: Sequence[Shown]) -> None:
    telltale = re.compile(r"@|Person\.|O'Neil|2025550142|1990-?02-?16|63101", re.IGNORECASE)
    texts = re.compile(r'"(?![0-9a-f]{64}")(?:[^"\\]|\\.)*"')
    assert [row.source_key for row in rows if telltale.search(" ".join(texts.findall(row.payload)))] == []


def _by_thousand(rows: Sequence[Shown]) -> Iterator[Sequence[Shown]]:
    for at in range(0, len(rows), 1000):
        yield rows[at : at + 1000]


def _reasons_in_sql() -> set[str]:
    """Every reason that the project can give, from its text."""
    paths = {path for kind in ("*.sql", "*.csv") for path in PROJECT.glob(f"[ms]*/**/{kind}")} - {REASONS}
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return {reason for text in texts for reason in re.findall(r"\b(?:platform|ours):[a-z_]+", text)}
