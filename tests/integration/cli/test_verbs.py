"""Every verb that a DAG's task has, and every question a person asks, at the real command line."""

import duckdb
from desk import TOKEN, Desk


def test_run_does_all_steps_and_again_sends_nothing(desk: Desk) -> None:
    first = desk.waybill("run", "--json")
    assert first.code == 0, first.err
    assert list(first.json) == ["extract", "build", "gate meta", "deliver meta", "publish", "refresh"]
    accepted = first.json["deliver meta"]["accepted"]
    assert accepted > 100
    assert first.json["refresh"]["models"] > 5
    told = desk.waybill("balance", "--json").json["destinations"]["meta"]
    assert told["accepted"] == accepted
    again = desk.waybill("run", "--json")
    assert (again.json["build"]["frozen"], again.json["deliver meta"]["sent"]) == (0, 0)


def test_questions_are_answered_in_text_and_in_json(desk: Desk) -> None:
    delivered = desk.waybill("deliver", "--json").json["destinations"]["meta"]
    lag = desk.waybill("lag", "--json").json["destinations"]["meta"]
    assert lag["accepted"] == delivered["accepted"]
    assert list(lag["stages"]) == ["source", "extract", "build", "queue", "delivery", "total"]
    assert sum(lag["bands"].values()) == lag["accepted"] + lag["open"]
    ledger = desk.waybill("ledger", "show", "--json").json
    assert sum(batch["events"] for batch in ledger["batches"] if batch["state"] == "accepted") == delivered["accepted"]
    for verb in (("lag",), ("balance",), ("ledger", "show"), ("ledger", "audit"), ("config",)):
        answer = desk.waybill(*verb)
        assert answer.code == 0
        assert answer.out.strip()


def test_explain_finds_an_event_by_each_of_its_names(desk: Desk) -> None:
    desk.waybill("deliver")
    with duckdb.connect(str(desk.home / "shop.duckdb"), read_only=True) as shop:
        ((lead,),) = shop.execute("select min(lead_id) from leads").fetchall()
    (by_key,) = desk.waybill("explain", lead, "--json").json
    (by_event,) = desk.waybill("explain", by_key["source_key"], "--json").json
    assert by_key == by_event
    assert by_key["history"][0]["verdict"] == by_key["verdict"]


def test_config_shows_what_is_in_force_without_secrets(desk: Desk) -> None:
    answer = desk.waybill("config", "--json", WAYBILL_WAREHOUSE_URI="postgresql://shop:hunter2@127.0.0.1/shop")
    assert answer.code == 0
    assert TOKEN not in answer.out
    assert "hunter2" not in answer.out
    assert answer.json["destinations"]["meta"]["batch_size"] == 1000


def test_gate_says_where_its_pages_are(desk: Desk) -> None:
    answer = desk.waybill("gate")
    assert answer.code == 0
    assert "Data Docs: " in answer.out
    assert "/data_docs/meta/" in answer.out


def test_explain_knows_what_has_only_landed(desk: Desk) -> None:
    known = _orders(desk)
    assert desk.waybill("sample", "--later", "--orders", "20").code == 0
    assert desk.waybill("extract").code == 0
    new = min(_orders(desk) - known)
    (explained,) = desk.waybill("explain", f"shop/orders/{new}", "--json").json
    assert (explained["entity_key"], explained["state"]) == (new, "landed")
    assert [version["is_built"] for version in explained["landed"]] == [False]
    assert (desk.home / explained["landed"][0]["file"]).exists()


def _orders(desk: Desk) -> set[str]:
    with duckdb.connect(str(desk.home / "shop.duckdb"), read_only=True) as shop:
        return {key for (key,) in shop.execute("select order_id from orders").fetchall()}


def test_explain_says_in_a_sentence_why_an_order_was_not_sent(desk: Desk) -> None:
    pattern = str(desk.home / "published" / "candidates" / "meta" / "*.parquet")
    with duckdb.connect() as books:
        ((unpaid,),) = books.execute(
            "select min(source_key) from read_parquet(?) where list_contains(reasons, 'ours:unpaid')", [pattern]
        ).fetchall()
    answer = desk.waybill("explain", unpaid)
    assert "an order that nobody has paid. Nothing: it is looked at again when it is paid." in answer.out
