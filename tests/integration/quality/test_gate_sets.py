"""Set rules: each closes a file alone, small files are not judged by shares, a closed file holds all its rows back."""

import copy
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltas import CURRENCIES, NOW, SCHEMA, Row, Shop, hashed, with_thresholds, write_delta, write_table
from seasons import alarms

from waybill.quality.decisions import Decision
from waybill.quality.gate import judge
from waybill.quality.suites import LANDED_RULES, SET_RULES
from waybill.settings import Settings

Judged = Callable[[list[Row]], Decision]


def purchases(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.columns["event_name"] == "Purchase"]


def worth(row: Row, value: int | str, currency: str) -> None:
    row.columns.update(value=Decimal(value), currency=currency)
    row.custom.update(value=float(value), currency=currency)


def broken_digests(rows: list[Row]) -> None:
    for row in rows[::3]:
        row.digest = hashed("something else")


def one_person(**identifiers: str) -> Callable[[list[Row]], None]:
    def spoil(rows: list[Row]) -> None:
        for row in rows[::3]:
            row.user.update(identifiers)

    return spoil


def one_moment(rows: list[Row]) -> None:
    for row in rows[: len(rows) * 2 // 3]:
        row.columns["occurred_at"] = rows[0].columns["occurred_at"]
        row.columns["expires_at"] = rows[0].columns["expires_at"]
        row.payload["event_time"] = rows[0].payload["event_time"]


def nobody(rows: list[Row]) -> None:
    for row in rows:
        row.user.pop("em")
        row.user.pop("ph", None)


def free(rows: list[Row]) -> None:
    for row in purchases(rows)[::2] + purchases(rows)[1::6]:
        worth(row, 0, "EUR")


def one_price(rows: list[Row]) -> None:
    for row in purchases(rows):
        worth(row, "9.99", "EUR")


def every_currency(rows: list[Row]) -> None:
    codes = CURRENCIES + [
        f"{country}D" for country in ("AU", "BB", "BM", "BN", "BS", "BZ", "CA", "FJ", "GY", "HK", "JM")
    ]
    codes += ["CHF", "CLP", "CNY", "CZK", "DKK", "HUF", "ILS", "INR", "KRW", "MXN", "MYR", "NOK", "PHP", "RON", "SEK"]
    for number, row in enumerate(purchases(rows)):
        worth(row, 20 + number, codes[number % len(codes)])


def minor_units_twice(rows: list[Row]) -> None:
    for number, row in enumerate(purchases(rows)):
        worth(row, 300_000 + number, "EUR")


def one_event_id(rows: list[Row]) -> None:
    """For one more than a fifth; all but one of them are quarantined, which is a fifth."""
    for row in rows[: len(rows) // 5 + 1]:
        row.columns["event_id"] = row.payload["event_id"] = "order_null"


def months_for_days(rows: list[Row]) -> None:
    """For two thirds, whose time to be sent is long over that way."""
    for row in rows[: len(rows) * 2 // 3]:
        for name in ("occurred_at", "expires_at"):
            row.columns[name] -= timedelta(days=92)
        row.columns["past_expiry"] = True


def some_twice(rows: list[Row]) -> None:
    """A third of what was bought on the website, as a join with two parts of an order would do it."""
    for row in copy.deepcopy(purchases(rows)[::3]):
        row.columns["source_key"] += "/2"
        row.columns["event_id"] = row.payload["event_id"] = row.columns["event_id"] + "_2"
        rows.append(row)


def swapped(table: pa.Table) -> pa.Table:
    return table.take([0, 2, 1, *range(3, table.num_rows)])


DEFECTS: dict[str, Callable[[list[Row]], None]] = {
    "one_event_id_share": one_event_id,
    "quarantined_share": broken_digests,
    "one_em_share": one_person(em=hashed("null@example.com")),
    "one_ph_share": one_person(ph=hashed("447700900000")),
    "one_external_id_share": one_person(external_id=hashed("guest")),
    "one_fbp_share": one_person(fbp="fb.1.1763000000000.1"),
    "one_fbc_share": one_person(fbc="fb.1.1763000000000.IwAR0one"),
    "one_client_ip_address_share": one_person(client_ip_address="203.0.113.1"),
    "one_event_time_share": one_moment,
    "no_email_and_no_phone_share": nobody,
    "zero_value_share": free,
    "one_value_share": one_price,
    "currencies": every_currency,
    "median_value_share_of_largest": minor_units_twice,
    "past_expiry_share": months_for_days,
    "repeated_order_share": some_twice,
}

TABLES: dict[str, Callable[[pa.Table], pa.Table]] = {
    "columns_not_as_contracted": lambda table: table.drop_columns(["expires_reason"]),
    "rows_not_at_their_position": swapped,
}
"""Defects of the file itself, whatever its rows."""


def closing(decision: Decision) -> list[str]:
    assert decision.decision == "closed"
    return [failure.expectation for failure in decision.failures if failure.level == "set"]


def test_every_set_rule_has_a_planted_defect() -> None:
    with_history = {rule.name for rule in SET_RULES if rule.compares}
    with_history |= {"enrolled_before_share", "withheld_now_sendable_share"}
    of_landing = {rule.name for rule in LANDED_RULES}
    assert set(DEFECTS) | set(TABLES) | with_history | of_landing == {rule.name for rule in SET_RULES}


@pytest.mark.parametrize("name", DEFECTS)
def test_each_set_defect_closes_the_file_by_its_rule_alone(name: str, judged: Judged) -> None:
    rows = Shop().rows(150)
    DEFECTS[name](rows)
    decision = judged(rows)
    assert closing(decision) == [name]
    assert name in Path(decision.data_docs).read_text(encoding="utf-8")
    assert name in decision.explanation()
    assert decision.counts()["passed"] == 0


@pytest.mark.parametrize("name", DEFECTS)
def test_a_few_events_are_never_closed_for_their_shares(name: str, settings: Settings) -> None:
    rows = Shop().rows(20)
    DEFECTS[name](rows)
    _, broken, _ = alarms(settings, write_delta(settings.home, rows))
    assert broken == []


def test_a_file_of_nothing_but_rows_that_came_too_late_is_closed(judged: Judged) -> None:
    rows = Shop().rows(60)
    for row in rows:
        row.columns["past_expiry"] = True
    decision = judged(rows)
    assert closing(decision) == ["past_expiry_share"]
    assert len(decision.failures[0].examples) == 5


def test_what_the_pixel_reported_may_be_late_by_a_weekend(settings: Settings) -> None:
    rows = Shop().rows(100)
    for row in rows:
        row.columns.update(occurred_at=NOW - timedelta(days=4), past_expiry=True, expires_reason="dedup_window")
    _, broken, _ = alarms(settings, write_delta(settings.home, rows))
    assert broken == []


BASKETS = {
    "ALL": 9_000, "AMD": 150_000, "AOA": 90_000, "ARS": 150_000, "BIF": 300_000, "CDF": 280_000, "CLP": 150_000,
    "COP": 400_000, "CRC": 120_000, "HUF": 180_000, "IDR": 1_700_000, "INR": 120_000, "IQD": 150_000, "ISK": 140_000,
    "JPY": 150_000, "KRW": 150_000, "KZT": 120_000, "LKR": 110_000, "MGA": 300_000, "MNT": 250_000, "MWK": 170_000,
    "NGN": 150_000, "PKR": 120_000, "RSD": 110_000, "RWF": 150_000, "SLE": 2_500, "SOS": 110_000, "TZS": 260_000,
    "UGX": 370_000, "VND": 2_600_000, "XAF": 120_000, "XOF": 120_000, "YER": 120_000, "EUR": 900, "KWD": 40,
}  # fmt: skip
"""What a healthy shop with dear goods sells for, in the currency's unit."""


@pytest.mark.parametrize("currencies", [list(BASKETS)[n::2] for n in range(2)], ids=["half", "other_half"])
def test_an_everyday_basket_is_sane_in_every_currency(currencies: list[str], settings: Settings) -> None:
    rows = purchases(Shop().rows(65 * len(currencies)))
    for number, row in enumerate(rows):
        currency = currencies[number % len(currencies)]
        worth(row, BASKETS[currency] * (90 + number % 21) // 100, currency)
    found = alarms(settings, write_delta(settings.home, rows))
    assert found[:2] == (0, [])


@pytest.mark.parametrize("currency", ["SLE", "EUR", "KWD"])
def test_cents_are_not_taken_for_the_whole_unit_of_any_currency(currency: str, settings: Settings) -> None:
    rows = purchases(Shop().rows(80))
    for number, row in enumerate(rows):
        worth(row, 150_000 + number, currency)
    _, broken, _ = alarms(settings, write_delta(settings.home, rows))
    assert [name.split()[0] for name in broken] == ["median_value_share_of_largest"]


def test_the_lines_of_one_store_order_are_one_order(judged: Judged) -> None:
    rows = Shop().rows(120)
    for line, row in enumerate(rows[:60]):
        store = Shop().store(3)
        key = f"shop/orders/77/{line}"
        store.columns.update(source_key=key, event_id=f"store_77_{line}")
        store.payload["event_id"] = f"store_77_{line}"
        row.columns, row.payload = store.columns, store.payload
    assert judged(rows).decision == "open"


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.drop_columns(["expires_reason"]),
        lambda table: table.append_column("note", pa.array(["x"] * table.num_rows)),
        lambda table: table.select(sorted(table.column_names)),
        lambda table: table.set_column(5, "dataset", pa.array([1] * table.num_rows)),
    ],
    ids=["missing", "unknown", "other order", "other type"],
)
def test_other_columns_than_the_contract_close_the_file(
    change: Callable[[pa.Table], pa.Table], settings: Settings
) -> None:
    table = pa.Table.from_pylist([row.finished(n) for n, row in enumerate(Shop().rows(10))], schema=SCHEMA)
    decision = judge(settings, write_table(settings.home, change(table)))
    assert closing(decision) == ["columns_not_as_contracted"]


def test_rows_that_are_not_at_their_position_close_the_file(settings: Settings) -> None:
    table = pa.Table.from_pylist([row.finished(n) for n, row in enumerate(Shop().rows(10))], schema=SCHEMA)
    assert closing(judge(settings, write_table(settings.home, swapped(table)))) == ["rows_not_at_their_position"]


def test_a_closed_file_publishes_every_row(settings: Settings) -> None:
    rows = Shop().rows(60)
    for row in rows[:20]:
        row.digest = hashed("something else")
    rows[-1].columns["past_expiry"] = True
    delta = write_delta(settings.home, rows)
    decision = judge(settings, delta)
    assert closing(decision) == ["quarantined_share"]
    assert decision.counts() == {
        "rows": 60, "passed": 0, "quarantined": 20, "gated": 40, "past_expiry": 1, "open": 0,
    }  # fmt: skip
    (failure, *_) = decision.failures
    assert (failure.observed, len(failure.examples)) == ("0.339", 5)
    with duckdb.connect() as connection:
        found = connection.execute(
            "select state, reasons, count(*), min(row_number), max(row_number), count(source_key) "
            "from read_parquet(?) group by all order by state desc",
            [str(delta.gate_path)],
        ).fetchall()
    assert found == [
        ("quarantined", ["payload_digest_wrong"], 20, 0, 19, 20),
        ("gated", [], 40, 20, 59, 40),
    ]


def test_a_destination_has_its_own_thresholds_and_a_new_one_judges_a_closed_file_again(settings: Settings) -> None:
    rows = Shop().rows(60)
    broken_digests(rows)
    delta = write_delta(settings.home, rows)
    assert closing(judge(settings, delta)) == ["quarantined_share"]
    decision = judge(with_thresholds(settings, quarantined_share=0.5), delta)
    assert (decision.decision, decision.quarantined) == ("open", 20)
