"""`waybill preview` shows what is sent, `waybill doctor` what is wrong with contact data; neither shows a person."""

import json
from pathlib import Path

import duckdb
import polars as pl
from desk import Desk

IN_CLEAR = {"client_ip_address", "client_user_agent", "fbc", "fbp", "lead_id", "subscription_id"}


def _frozen(desk: Desk) -> dict[str, str]:
    """The payloads of the one delta file, by source key."""
    [file] = [path for path in (desk.home / "delta" / "meta").glob("*.parquet") if "withdrawals" not in path.name]
    with duckdb.connect() as connection:
        return dict(connection.execute("select source_key, payload from read_parquet(?)", [str(file)]).fetchall())


def test_a_payload_is_shown_to_the_letter_or_without_the_person(desk: Desk) -> None:
    frozen = _frozen(desk)
    source_key = next(key for key, payload in sorted(frozen.items()) if '"client_ip_address"' in payload)
    order = source_key.split("/")[2]
    (shown,) = desk.waybill("preview", order, "--json", "--show-values").json
    assert shown["payload"] == json.loads(frozen[source_key])
    (hidden,) = desk.waybill("preview", source_key, "--json").json
    person, clear = hidden["payload"]["user_data"], shown["payload"]["user_data"]
    assert {key for key, value in person.items() if value == "(hidden)"} == IN_CLEAR & set(clear)
    assert {key: value for key, value in clear.items() if key not in IN_CLEAR} == {
        key: value for key, value in person.items() if value != "(hidden)"
    }
    text = desk.waybill("preview", shown["event_id"]).out
    assert clear["client_ip_address"] not in text
    assert f"{source_key} as {shown['event_name']} to meta/" in text


def test_without_a_key_the_first_payloads_of_the_newest_file_are_shown(desk: Desk) -> None:
    shown = desk.waybill("preview", "--limit", "2", "--json").json
    assert [one["row_number"] for one in shown] == [0, 1]
    assert len(shown[0]["payload"]["user_data"]) > 0


def test_what_was_never_frozen_has_no_payload(desk: Desk) -> None:
    answer = desk.waybill("preview", "no-such-order")
    assert answer.code == 2
    assert "`waybill explain no-such-order` says why" in answer.err


def test_the_doctor_counts_everybody_and_names_nobody(desk: Desk) -> None:
    found = desk.waybill("doctor", "--json")
    assert found.code == 0, found.err
    with duckdb.connect(str(desk.home / "shop.duckdb"), read_only=True) as shop:
        ((customers,),) = shop.execute("select count(*) from customers").fetchall()
        values = {
            value.strip()
            for row in shop.execute("select email, phone, last_name, city, postal_code from customers").fetchall()
            for value in row
            if value and len(value.strip()) > 4
        }
    of_customers = [one for one in found.json["contact_data"] if one["subject_type"] == "customer"]
    assert {sum(one["findings"].values()) for one in of_customers} == {customers}
    assert {one["subjects"] for one in of_customers} == {customers}
    assert len(of_customers) == 11
    by_name = {one["identifier"]: one for one in of_customers}
    assert 0 < by_name["em"]["sent"] < customers
    assert by_name["ph"]["findings"]["not_a_phone_number"] > 0
    assert set(found.json["advice"]) >= {"not_a_phone_number", "placeholder"}
    assert sum(event["events"] for event in found.json["events"]) > 200
    assert all(0 <= count <= event["events"] for event in found.json["events"] for count in event["carrying"].values())
    text = desk.waybill("doctor").out
    assert "Fill in the country" in text
    assert [value for value in values if value in text + found.out] == []


def test_the_doctor_needs_a_build(tmp_path: Path, desk: Desk) -> None:
    answer = Desk(tmp_path / "fresh", desk.environment).waybill("doctor")
    assert answer.code == 2
    assert "waybill build" in answer.err


def test_a_key_with_slashes_is_found_by_the_name_that_people_have_for_it(desk: Desk) -> None:
    [file] = [path for path in (desk.home / "delta" / "meta").glob("*.parquet") if "withdrawals" not in path.name]
    rows = pl.read_parquet(file)
    names = ["shop/orders/2026%2F100%25", *rows["source_key"].to_list()[1:]]
    rows.with_columns(pl.Series("source_key", names)).write_parquet(file)
    for wanted in ("2026/100%", "shop/orders/2026%2F100%25"):
        (shown,) = desk.waybill("preview", wanted, "--json").json
        assert (shown["source_key"], shown["row_number"]) == (names[0], 0)
