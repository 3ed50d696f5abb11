"""What a person or the shop takes back after enrolment and before sending: it never leaves as it was frozen."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from office import TOKEN, Office
from outbox import LATER, NOW, Event, events, hand_over
from outbox import freeze as freeze_by_hand
from scripted import Call, Reply, Scripted, accepted

from waybill.delivery import newer
from waybill.emulator import Emulator
from waybill.errors import ConfigurationError, LedgerConflict
from waybill.quality.gate import ensure_empty
from waybill.thresholds import Thresholds
from waybill.warehouse import freeze as freezing
from waybill.warehouse.candidates import write_empty
from waybill.warehouse.freeze import CHANGES_COLUMNS, Freeze, freeze

CALIFORNIA = (
    '"data_processing_options":["LDU"], "data_processing_options_country":1, "data_processing_options_state":1000'
)
COLORADO = CALIFORNIA.replace("1000", "1001")
ENROLLED = [Event(1), Event(2), Event(3, limited=True), Event(4, limited=True), *(Event(n) for n in range(5, 10))]
NOW_SAID: dict[int, tuple[str, list[str], str | None]] = {
    1: ("sendable", [], None),
    2: ("sendable", [], CALIFORNIA),
    3: ("sendable", [], CALIFORNIA),
    4: ("sendable", [], COLORADO),
    5: ("sendable", [], '"opt_out":true'),
    6: ("withheld", ["ours:consent_withdrawn"], None),
    7: ("not_a_conversion", ["ours:cancelled"], None),
    8: ("not_a_conversion", ["ours:refunded"], None),
}
"""Order → verdict, reasons and limits after enrolment; order 9 is no more."""


@pytest.fixture
def waiting(office: Office) -> Iterator[tuple[Office, duckdb.DuckDBPyConnection]]:
    """Nine enrolled events that wait because the token is refused, and a warehouse that thinks anew of them."""
    hand_over(office.home, ENROLLED)
    office.set_token("an-expired-token")
    with pytest.raises(ConfigurationError):
        office.deliver()
    office.set_token(TOKEN)
    ensure_empty(office.home, "meta")
    with duckdb.connect() as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        write_empty(warehouse, office.home.published / "changes" / "meta" / "_empty.parquet", CHANGES_COLUMNS)
        yield office, warehouse


def build(office: Office, warehouse: duckdb.DuckDBPyConnection, name: str) -> Freeze:
    """What a build does once the models are there."""
    warehouse.execute("create schema if not exists destinations")
    warehouse.execute(
        "create or replace table destinations.meta_events (source_key varchar, event_kind varchar, event_name varchar,"
        " event_id varchar, dataset varchar, occurred_at timestamptz, committed_at timestamptz, landed_at timestamptz,"
        " expires_at timestamptz, expires_reason varchar, value decimal(18, 4), currency varchar, verdict varchar,"
        " reasons varchar[], payload varchar, payload_digest varchar, consent_limits varchar, build_seq bigint)"
    )
    for event in ENROLLED[:8]:
        verdict, reasons, limits = NOW_SAID[event.number]
        happened = event.occurred_at
        warehouse.execute(
            f"insert into destinations.meta_events values ({', '.join('?' * 18)})",
            [
                *(event.source_key, event.kind, "Purchase", event.id, event.dataset, happened, happened, NOW),
                *(happened + event.window, "window", "12.5", "EUR", verdict, reasons),
                *(event.payload, "digest", limits, 2),
            ],
        )
    return freeze(warehouse, office.home, "meta", name, 1, NOW, Thresholds())


def test_what_was_taken_back_or_limited_since_is_withdrawn_and_the_rest_is_sent(
    waiting: tuple[Office, duckdb.DuckDBPyConnection], emulator: Emulator
) -> None:
    office, warehouse = waiting
    assert build(office, warehouse, LATER).withdrawals == 7

    office.deliver()

    assert sorted(event.event_id or "" for event in emulator.book.events()) == ["purchase_1", "purchase_3"]
    assert dict(office.rows("select source_key, reason from exceptions where state = 'withdrawn'")) == {
        "shop/orders/2": "consent",
        "shop/orders/4": "consent",
        "shop/orders/5": "consent",
        "shop/orders/6": "consent",
        "shop/orders/7": "cancelled",
        "shop/orders/8": "refunded",
        "shop/orders/9": "not_a_conversion",
    }


def test_what_was_withdrawn_stays_withdrawn_when_consent_is_given_again(
    waiting: tuple[Office, duckdb.DuckDBPyConnection], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, warehouse = waiting
    build(office, warehouse, LATER)
    office.deliver()
    sent = len(emulator.book.events())
    for number in (2, 6):
        monkeypatch.setitem(NOW_SAID, number, ("sendable", [], None))

    assert build(office, warehouse, "20261120T140000000000Z").delta.rows == 0
    office.deliver()

    assert len(emulator.book.events()) == sent
    assert office.states() == {"accepted": 2, "withdrawn": 7}


def test_a_build_goes_on_without_a_lost_file_because_nothing_is_sent_from_it(
    waiting: tuple[Office, duckdb.DuckDBPyConnection],
) -> None:
    office, warehouse = waiting
    [(path,)] = office.rows("select path from files")
    (office.home.root / path).rename(office.home.root / "elsewhere")
    assert build(office, warehouse, LATER).withdrawals == 4
    with pytest.raises(LedgerConflict, match="missing"):
        office.deliver()


def test_a_file_that_is_enrolled_while_a_build_freezes_is_held_against_its_verdicts_too(
    office: Office, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over(office.home, ENROLLED)
    ensure_empty(office.home, "meta")
    whole_file = freezing.sha256_of

    def deliver_meanwhile(path: Path) -> str:
        if path.suffix == ".parquet" and LATER in path.name:
            monkeypatch.undo()
            office.set_token("an-expired-token")
            with pytest.raises(ConfigurationError):
                office.deliver()
            office.set_token(TOKEN)
        return whole_file(path)

    with duckdb.connect() as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        write_empty(warehouse, office.home.published / "changes" / "meta" / "_empty.parquet", CHANGES_COLUMNS)
        monkeypatch.setattr(freezing, "sha256_of", deliver_meanwhile)
        assert build(office, warehouse, LATER).withdrawals == 7

    office.deliver()

    assert sorted(event.event_id or "" for event in emulator.book.events()) == ["purchase_1", "purchase_3"]


def test_a_file_that_is_enrolled_after_a_build_has_written_its_withdrawals_is_held_against_its_verdicts(
    office: Office, emulator: Emulator
) -> None:
    """Also one that a person opened: whichever build is the newest, its word counts."""
    hand_over(office.home, [Event(1), Event(2), Event(3)])
    office.set_token("an-expired-token")
    with pytest.raises(ConfigurationError):
        office.deliver()
    office.set_token(TOKEN)
    keys = pq.read_table(next((office.home.published / "delivery" / "keys" / "meta").glob("2*.parquet")))
    rows = keys.select(["event_kind", "event_name", "source_key", "payload_digest"]).to_pylist()
    verdicts = {"shop/orders/1": "withheld", "shop/orders/2": "sendable", "shop/orders/3": "sendable"}
    told = [row | {"verdict": verdicts[row["source_key"]], "removed": False, "build_seq": 2} for row in rows]
    folder = office.home.published / "candidates" / "meta"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(told), folder / f"{LATER}.parquet")
    freeze_by_hand(office.home, [], build=LATER, after="")

    office.change(mode="shadow")
    assert office.deliver().would_send == 2
    office.change(mode="on")
    assert office.deliver().withdrawn == 1

    assert sorted(event.event_id or "" for event in emulator.book.events()) == ["purchase_2", "purchase_3"]
    assert office.states() == {"accepted": 2, "withdrawn": 1}


@pytest.mark.parametrize(("seconds", "requests"), [(0.0, 2), (3600.0, 4)])
def test_a_build_during_a_delivery_takes_back_what_that_has_not_sent_yet(
    scripted_office: Office, platform: Scripted, monkeypatch: pytest.MonkeyPatch, seconds: float, requests: int
) -> None:
    """Once it looks, which it does not before every request."""
    office = scripted_office
    office.change(batch_size=1, threads=1)
    monkeypatch.setattr(newer, "LOOK_SECONDS", seconds)
    delta = hand_over(office.home, events(4))
    gone = [(delta.file_id, row, "consent") for row in (0, 1, 2, 3)]

    def script(call: Call) -> Reply:
        if len(platform.calls) == 2:
            hand_over(office.home, events(1, first=9), build=LATER, after=delta.file_id, withdrawals=gone)
        return accepted(call)

    platform.script = script
    report = office.deliver()

    assert (len(platform.calls), report.withdrawn) == (requests, 4 - requests)
    office.deliver()
    assert office.states() == {"accepted": requests + 1} | ({"withdrawn": 2} if requests == 2 else {})
